/** Whether an element stands on a dark page: by the nearest opaque background, or else by the text colour that the canvas calls for. */
export function onDarkPage(element: Element, inline: boolean): boolean {
    for (let node = inline ? element.parentElement : document.body; node; node = node.parentElement) {
        const background = lightness(getComputedStyle(node).backgroundColor);
        if (background !== null) return background < 0.5;
    }
    // `all: initial` makes it CanvasText, in the colour scheme that the element inherits.
    return (lightness(getComputedStyle(element).color) ?? 0) > 0.5;
}

/** Lightness of a computed colour from 0 to 1, or null for one that is mostly transparent. */
function lightness(colour: string): number | null {
    const [first = 0, second = 0, third = 0, alpha = 1] = (colour.match(/[\d.]+(e-\d+)?/g) ?? []).map(Number);
    if (alpha < 0.5) return null;
    // lab() and lch() count to 100, oklab() and oklch() to 1.
    if (/l(ab|ch)/.test(colour)) return colour.startsWith("ok") ? first : first / 100;
    return (0.3 * first + 0.6 * second + 0.1 * third) / (colour.startsWith("rgb") ? 255 : 1);
}
