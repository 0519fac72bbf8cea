import {el} from "../shared/dom.js";

document.getElementById("page").append(el("h1", null, "weft"));
