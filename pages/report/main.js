import {el} from "../shared/dom.js";

const report = JSON.parse(document.getElementById("weft-report").textContent);
document.getElementById("page").append(el("h1", null, report.title));
