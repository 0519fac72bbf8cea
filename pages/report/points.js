import {unpack} from "../common/packed.js";

/** Where a map's points lie, which test image each of them is, and its picture. */
export function pointsOf(places, hasImages, around) {
    const [x, y, index] = [places.x, places.y, places.index].map(unpack);
    const imageOf = i => (index ? index[i] : i);
    return {x, y, imageOf, picture: i => (hasImages ? around.testPicture(imageOf(i), null) : null)};
}
