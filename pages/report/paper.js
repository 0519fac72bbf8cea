/**
 * On paper everything is there: what is folded is opened, and every chart is drawn, light and as wide as paper is.
 * `drawAll` must do its work in microtasks, for the browser waits for nothing else before it prints.
 */
export function whilePrinting(drawAll) {
    const root = document.documentElement;
    let opened = [];
    addEventListener("beforeprint", () => {
        root.classList.add("printing");
        opened = [...document.querySelectorAll("details.fold:not([open])")];
        for (const one of opened) one.open = true;
        drawAll();
    });
    addEventListener("afterprint", () => {
        root.classList.remove("printing");
        for (const one of opened) one.open = false;
        drawAll();
    });
}
