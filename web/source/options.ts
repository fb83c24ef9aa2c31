/** Settings of a web editor: attributes of the element, or `data-` attributes of the script tag. */
export interface Options {
    /** Address of the server, such as `https://bot.example.org/chat/`; null where neither the script nor an attribute tells. */
    server: URL | null;
    language: string;
    position: "end" | "start" | "inline";
    direction: "ltr" | "rtl" | "";
    scheme: "auto" | "light" | "dark";
    greeting: boolean;
    opened: boolean;
    /** Name of the assistant, in place of the one in the labels. */
    name: string;
    /** Heading of the panel. */
    title: string;
    /** Address of a picture for the head of the panel. */
    logo: string;
    /** Text of the launcher. */
    label: string;
    storage: "session" | "local";
}

export const NAMES = [
    "server",
    "language",
    "position",
    "direction",
    "scheme",
    "greeting",
    "opened",
    "name",
    "title",
    "logo",
    "label",
    "storage",
] as const;

const FILE = /\/widget(-\w+)?\.js(\?|$)/;

/** The tag that loaded this script, known only during its first run. A module has no current script: it is found by its file name. */
export const script =
    (document.currentScript as HTMLScriptElement | null) ?? [...document.scripts].find((tag) => FILE.test(tag.src)) ?? null;

/** The folder of this script, such as `https://bot.example.org/chat/`; null where it was merged into a file of the page's own. */
export const FOLDER = script && FILE.test(script.src) ? new URL(".", script.src) : null;

/** Creates the element that the script tag describes. */
export function elementFromScript(): HTMLElement {
    const element = document.createElement("trialguide-chat");
    for (const name of NAMES) {
        const value = script?.dataset[name];
        if (value !== undefined) element.setAttribute(name, value);
    }
    return element;
}

/** Reads the attributes of an element; what is missing or unknown takes its default. */
export function readOptions(element: HTMLElement): Options {
    const read = (name: (typeof NAMES)[number]) => (element.getAttribute(name) ?? "").trim();
    const oneOf = <T extends string>(name: (typeof NAMES)[number], first: T, ...others: T[]): T =>
        others.find((value) => value === read(name).toLowerCase()) ?? first;
    return {
        server: server(read("server")),
        language: read("language") || document.documentElement.lang || "en",
        position: oneOf("position", "end", "start", "inline"),
        direction: oneOf("direction", "", "ltr", "rtl"),
        scheme: oneOf("scheme", "auto", "light", "dark"),
        greeting: oneOf("greeting", "on", "off") === "on",
        opened: oneOf("opened", "no", "yes") === "yes",
        name: read("name"),
        title: read("title"),
        logo: read("logo"),
        label: read("label"),
        storage: oneOf("storage", "session", "local"),
    };
}

/** `https://bot.example.org` and `https://bot.example.org/chat/` name the same server. */
function server(given: string): URL | null {
    if (!given) return FOLDER;
    const address = new URL(given, document.baseURI);
    if (address.pathname === "/") address.pathname = "/chat/";
    if (!address.pathname.endsWith("/")) address.pathname += "/";
    return address;
}
