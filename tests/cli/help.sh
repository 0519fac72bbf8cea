#!/bin/bash
# Help, version, and what is said about wrong usage.
. "$(dirname -- "$0")/lib.sh"

weft --version
exits 0
out_like 'weft [0-9]*.[0-9]*.[0-9]*'
err_is ''

weft
exits 0
overview=$out
weft --help
out_is "$overview"
weft help
out_is "$overview"
out_like 'Usage: weft COMMAND*Commands:*train *datasets *Environment:*Exit status:*'

commands=$(printf '%s\n' "$overview" | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
for command in $commands; do
    weft help "$command"
    exits 0
    by_help=$out
    weft "$command" --help
    exits 0
    out_is "$by_help"
    out_like "Usage: weft $command*--json*--help*"
    same "$(printf '%s\n' "$by_help" | grep '.\{101\}')" ''
done

weft help layers
out_is 'Usage: weft layers [NAME] [OPTION]...

List what models and their training are made of, or the keys of one part.

Layers, and the losses, optimizers, schedules and augmentations of the section training.

Options:
      --names             print the names only
      --json              one JSON document on standard output
  -q, --quiet             no progress on standard error
  -h, --help              show this text

Examples:
  weft layers gru
  weft layers random_shift'

weft trian
exits 2
out_is ''
err_is 'weft: unknown command "trian"
      did you mean weft train?'
weft help sumary
exits 2
err_like '*did you mean weft help summary?'
weft xyzzyxyzzy
exits 2
err_like '*see weft help'
weft -x train
exits 2
err_like 'weft: unknown option -x before the command*'

weft layers --nmaes
exits 2
err_is 'weft: unknown option --nmaes
      did you mean --names?'
weft layers -z
exits 2
err_like 'weft: unknown option -z*'
weft layers --names=3
exits 2
err_like 'weft: option --names takes no value, "3" was given'
weft layers lstm gru
exits 2
err_like 'weft: "gru" is one argument too many*usage: weft layers*'
weft layers lstmm
exits 2
err_like '*lstmm*lstm*'
weft layers -- --names
exits 2
err_like '*--names*'
weft summary
exits 2
err_like 'weft: weft summary needs MODEL*usage: weft summary MODEL*'

weft train gru-128 --epochs
exits 2
err_like 'weft: option --epochs needs a value: N'
weft train gru-128 --epochs=three
exits 2
err_like 'weft: --epochs is "three", must be a whole number from 1 to *'
weft train gru-128 -e 0
exits 2
err_like 'weft: -e is "0", must be a whole number from 1 to *'
weft train gru-128 --isa v9
exits 2
err_like 'weft: --isa is "v9", must be one of v2|v3|v4|v4_bf16|v4_amx'
weft train gru-128 --max-time soon
exits 2
err_like 'weft: --max-time is "soon", must be a time above 0*'
WEFT_THREADS=many weft train gru-128
exits 2
err_like 'weft: WEFT_THREADS is "many", must be a whole number from 1 to *'

weft layers --nmaes --json
exits 2
err_is ''
json_is 'sorted(d)' "['error', 'schema_version']"
json_is 'sorted(d["error"])' "['code', 'hint', 'message']"
json_is 'd["error"]["code"]' argument
json_is 'd["error"]["hint"]' 'did you mean --names?'
weft nothing --json
exits 2
json_is 'd["error"]["message"]' 'unknown command "nothing"'
for command in layers models datasets runs doctor 'help train' 'completion bash' '--version'; do
    # shellcheck disable=SC2086 # words
    weft $command --json
    exits 0
    err_is ''
    json_is 'd["schema_version"]' 1
done

weft layers --names
check 'layers lists lstm' grep -qx lstm .out
weft layers lstm
out_like 'lstm: *Source: *units: *required*return_sequences: *default false*'
weft layers random_erase
out_like 'random_erase: *Source: Zhong*max_area: *default 0.4*'
weft layers adam --json
json_is '[len(d[k]) for k in ("layers", "losses", "optimizers", "schedules", "augmentations")]' '[0, 0, 1, 0, 0]'
weft completion bash
exits 0
check 'the completion is bash' bash -n .out
weft completion fish
exits 2
completed=$(PROGRAM=$program bash -c 'weft() { "$PROGRAM" "$@"; }; source <(weft completion bash)
    COMP_WORDS=(weft la) COMP_CWORD=1; _weft; echo "${COMPREPLY[*]}"
    COMP_WORDS=(weft layers --na) COMP_CWORD=2; _weft; echo "${COMPREPLY[*]}"
    COMP_WORDS=(weft layers bidir) COMP_CWORD=2; _weft; echo "${COMPREPLY[*]}"
    COMP_WORDS=(weft train --isa "") COMP_CWORD=3; _weft; echo "${COMPREPLY[*]}"' 2>&1)
same "$completed" 'layers
--names
bidirectional
v2 v3 v4 v4_bf16 v4_amx'

finish
