const EDGE = 10,
    LARGEST = 65535;

/** Where the points lie on a picture of `view.width` x `view.height`. */
export function place({x, y}, {width, height}) {
    const across = value => EDGE + (value / LARGEST) * (width - 2 * EDGE);
    const down = value => EDGE + (1 - value / LARGEST) * (height - 2 * EDGE);
    return {x: Array.from(x, across), y: Array.from(y, down)};
}

/** Colour and opacity of a point. Who is in the only group that is shown has its colour. */
function look(points, i, {theme, byError, only, first}) {
    const isWrong = points.isWrong(i),
        isShown = only === null || only.has(i);
    return {
        color: byError ? (isWrong ? theme.bad : theme.edge) : ((isShown && only) || first[i]).colour,
        opacity: !isShown ? 0.05 : byError ? (isWrong ? 0.95 : 0.28) : 0.72,
    };
}

const radius = ({width}) => (width < 500 ? 1.6 : 2.3);

/** Paints the points on a canvas, the wrong ones on top where they are the subject, and a ring around `chosen`. */
export function paintMap(canvas, points, spots, view, chosen, given = null) {
    const {width, height, theme} = view;
    const context = given ?? prepared(canvas, view);
    context.fillStyle = theme.paper;
    context.fillRect(0, 0, width, height);
    const order = [...spots.x.keys()];
    if (view.byError)
        order.sort((a, b) => points.isWrong(a) - points.isWrong(b));
    const r = radius(view);
    for (const i of order) {
        const {color, opacity} = look(points, i, view);
        context.globalAlpha = opacity;
        context.fillStyle = color;
        context.beginPath();
        context.arc(spots.x[i], spots.y[i], r, 0, 2 * Math.PI);
        context.fill();
    }
    context.globalAlpha = 1;
    if (chosen === null) return;
    context.strokeStyle = theme.ink;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(spots.x[chosen], spots.y[chosen], 7, 0, 2 * Math.PI);
    context.stroke();
}

function prepared(canvas, {width, height}) {
    const density = Math.max(2, devicePixelRatio); // paper is finer than the screen
    canvas.width = width * density;
    canvas.height = height * density;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context.scale(density, density);
    return context;
}

/** The map as the text of an SVG file. */
export function circles(points, spots, view) {
    const {width, height, theme} = view;
    const one = i => {
        const {color, opacity} = look(points, i, view);
        return (
            `<circle cx="${spots.x[i].toFixed(1)}" cy="${spots.y[i].toFixed(1)}" r="${radius(view)}" fill="${color}" ` +
            `fill-opacity="${opacity}"/>`
        );
    };
    const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
    const paper = `<rect width="100%" height="100%" fill="${theme.paper}"/>`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${paper}${[...spots.x.keys()].map(one).join("")}</svg>`;
}
