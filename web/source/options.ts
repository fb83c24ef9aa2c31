/** What a web editor can set: attributes of the element, or `data-` attributes of the script tag. */
export interface Options {
    /** Where the server answers, such as `https://bot.example.org/chat/`. */
    server: URL;
    language: string;
    position: "end" | "start" | "inline";
    direction: "ltr" | "rtl" | "";
    scheme: "auto" | "light" | "dark";
    greeting: boolean;
    opened: boolean;
    title: string;
    /** The text on the button that opens the panel. */
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
    "title",
    "label",
    "storage",
] as const;

/** The tag that loaded this script; it is known only while the script runs for the first time. */
export const script = document.currentScript as HTMLScriptElement | null;

/** The folder in which this script lies, as `https://bot.example.org/chat/`. */
export const FOLDER = new URL(".", script?.src || document.baseURI);

/** An element as the script tag asks for it. */
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
        title: read("title"),
        label: read("label"),
        storage: oneOf("storage", "session", "local"),
    };
}

/** `https://bot.example.org` and `https://bot.example.org/chat/` name the same server. */
function server(given: string): URL {
    if (!given) return FOLDER;
    const address = new URL(given, document.baseURI);
    if (address.pathname === "/") address.pathname = "/chat/";
    if (!address.pathname.endsWith("/")) address.pathname += "/";
    return address;
}
