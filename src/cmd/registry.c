#include <string.h>

#include "cmd/cmd.h"

#define WF_COMMAND(name) extern const wf_command wf_command_##name;
#include "cmd/commands.def"
#undef WF_COMMAND

static const wf_command *const commands[] = {
#define WF_COMMAND(name) &wf_command_##name,
#include "cmd/commands.def"
#undef WF_COMMAND
};

enum { COUNT = sizeof commands / sizeof *commands };

size_t wf_command_count(void) { return COUNT; }

const wf_command *wf_command_at(size_t i) { return i < COUNT ? commands[i] : NULL; }

const wf_command *wf_command_find(const char *name) {
    for (size_t i = 0; i < COUNT; i++)
        if (!strcmp(commands[i]->name, name)) return commands[i];
    return NULL;
}

const char *wf_command_nearest(const char *name) {
    const char *names[COUNT];
    for (size_t i = 0; i < COUNT; i++) names[i] = commands[i]->name;
    return wf_str_nearest(name, names, COUNT);
}
