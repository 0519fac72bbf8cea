import {el} from "../common/dom.js";

/** The table of contents, with the part that is being read marked. */
export function contents(parts) {
    const links = new Map(parts.map(({id, title}) => [id, el("a", {href: `#${id}`}, title)]));
    const seen = new Set();
    const mark = new IntersectionObserver(
        entries => {
            for (const {isIntersecting, target} of entries) seen[isIntersecting ? "add" : "delete"](target.id);
            const current = parts.find(({id}) => seen.has(id))?.id;
            for (const [id, link] of links) {
                if (id === current) link.setAttribute("aria-current", "true");
                else link.removeAttribute("aria-current");
            }
        },
        {rootMargin: "-20% 0px -70% 0px"}
    );
    queueMicrotask(() => parts.forEach(({id}) => mark.observe(document.getElementById(id))));
    return el(
        "nav",
        {class: "contents", "aria-label": "Contents"},
        el(
            "ol",
            null,
            [...links.values()].map(link => el("li", null, link))
        )
    );
}
