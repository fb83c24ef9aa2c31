/** Creates an element. Text becomes text nodes, never mark-up. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
    tag: Tag,
    className = "",
    ...content: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...content);
    return element;
}

export function button(className: string, pressed: () => void, ...content: (Node | string)[]): HTMLButtonElement {
    const made = make("button", className, ...content);
    made.type = "button";
    made.addEventListener("click", pressed);
    return made;
}

/** Creates a button with an icon only; `label` is its accessible name. */
export function iconButton(name: IconName, label: string, pressed: () => void): HTMLButtonElement {
    const made = named(button("icon-button", pressed, icon(name)), label);
    made.title = label;
    return made;
}

/** Sets the accessible name, and optionally the role. */
export function named<Named extends HTMLElement>(element: Named, label: string, role?: string): Named {
    if (role) element.setAttribute("role", role);
    element.setAttribute("aria-label", label);
    return element;
}

/** Whether a key belongs to an input method; Safari reports the Enter that accepts a word with code 229 only. */
export function isComposing(event: KeyboardEvent): boolean {
    return event.isComposing || event.keyCode === 229;
}

/** Creates text for screen readers only. */
export function hidden(text: string): HTMLSpanElement {
    return make("span", "hidden", text);
}

const SHAPES = {
    chat: "M20 4H4v13h4v4l5-4h7zM8 9h8M8 12.5h5",
    close: "M6 6l12 12M18 6L6 18",
    menu: "M5 12h.01M12 12h.01M19 12h.01",
    send: "M12 19V5M6 11l6-6 6 6",
    down: "M12 5v14M6 13l6 6 6-6",
    out: "M14 5h5v5M19 5l-8 8M17 14v5H5V7h5",
    unfold: "M6 9l6 6 6-6",
    phone: "M6 4h3l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v3a2 2 0 0 1-2 2A15 15 0 0 1 4 6a2 2 0 0 1 2-2z",
    map: "M12 21s7-6.5 7-11.5a7 7 0 0 0-14 0C5 14.5 12 21 12 21zM12 7.5a2.2 2.2 0 1 0 .01 0z",
    web: "M12 3.5a8.5 8.5 0 1 0 .01 0zM4 12h16M12 3.5c3 2.5 3 14 0 17M12 3.5c-3 2.5-3 14 0 17",
    mail: "M4 6h16v12H4zM4 7l8 6 8-6",
    urgent: "M12 4L2.5 20h19zM12 10v4.5M12 17.5h.01",
    again: "M5 12a7 7 0 1 1 2 5M4.5 20v-4h4",
    save: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
    print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
    list: "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
    book: "M12 6.5C10 5 7 4.5 4 5v13c3-.5 6 0 8 1.5 2-1.5 5-2 8-1.5V5c-3-.5-6 0-8 1.5zM12 6.5v13",
    star: "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z",
    plus: "M12 5v14M5 12h14",
    check: "M5 12.5l4.5 4.5L19 7",
    privacy: "M12 3l7 2.5v5.5c0 5-3 8-7 10-4-2-7-5-7-10V5.5z",
    enlarge: "M14 5h5v5M10 19H5v-5M19 5l-6 6M5 19l6-6",
} as const;

export type IconName = keyof typeof SHAPES;

export function icon(name: IconName): SVGSVGElement {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("class", `icon icon-${name}`);
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", SHAPES[name]);
    svg.append(path);
    return svg;
}
