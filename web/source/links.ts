import { hidden, icon, make } from "./nodes";
import type { Words } from "./words";

const ALLOWED = new Set(["http:", "https:", "mailto:", "tel:"]);
const BARE_LINK = /(?:https?:\/|\/chat)\/[^\s<>"“”]*[^\s<>"“”.,;:!?)\]]/g;
/** The assistant's own pages, and the labels that name them. */
export const PAGES = [
    ["faq", "all_answers"],
    ["glossary", "glossary"],
    ["privacy", "privacy"],
] as const;
// In a message about danger every number of three digits or more is a telephone number.
const NUMBER_TO_CALL = /(?:\+\d|\d)(?:[ -]?\d){2,14}/g;

/** The absolute address if its scheme is allowed, otherwise null. */
export function safeAddress(link: string, base: URL): string | null {
    try {
        const address = new URL(link, base);
        return ALLOWED.has(address.protocol) ? address.href : null;
    } catch {
        return null;
    }
}

/** Creates a link, or only its text where the address is not allowed. */
export function link(words: Words, base: URL, address: string, ...content: (Node | string)[]): HTMLElement {
    const safe = safeAddress(address, base);
    if (safe === null) return make("span", "", ...content);
    const made = make("a", "", ...content);
    made.href = safe;
    if (/^https?:/.test(safe)) {
        made.target = "_blank";
        made.rel = "noopener noreferrer";
        made.append(icon("out"), hidden(` (${words.say("new_tab")})`));
    }
    return made;
}

/** Renders plain text as paragraphs and lists with links; in a `callable` one, numbers become links to call. */
export function paragraphs(words: Words, base: URL, text: string, callable = false): HTMLElement[] {
    return text
        .split(/\n\s*\n/)
        .filter((part) => part.trim())
        .map((part) => {
            const items = part.split(/^- /m).slice(1);
            if (!items.length || !part.startsWith("- ")) return filled(make("p"), part);
            return make("ul", "list", ...items.map((item) => filled(make("li"), item.trim())));
        });

    function filled(element: HTMLElement, text: string): HTMLElement {
        element.dir = "auto";
        let end = 0;
        for (const match of text.matchAll(BARE_LINK)) {
            element.append(
                ...numbers(text.slice(end, match.index), callable),
                link(words, base, match[0], linkText(words, base, match[0])),
            );
            end = match.index + match[0].length;
        }
        element.append(...numbers(text.slice(end), callable));
        return element;
    }
}

/** The `tel:` address of a telephone number. */
export function telephone(number: string): string {
    return `tel:${number.replace(/[^\d+]/g, "")}`;
}

/** Words for the assistant's own pages, the address itself for others. */
function linkText(words: Words, base: URL, address: string): string {
    const safe = safeAddress(address, base);
    const page = safe ? PAGES.find(([path]) => new URL(safe).pathname === base.pathname + path) : undefined;
    return page ? words.say(page[1]) : readable(address);
}

/** An address without its scheme and final slash, for reading. */
export function readable(address: string): string {
    return address.replace(/^https?:\/\/(www\.)?/, "").replace(/\/$/, "");
}

function numbers(text: string, callable: boolean): (Node | string)[] {
    if (!callable) return [text];
    const parts: (Node | string)[] = [];
    let end = 0;
    for (const match of text.matchAll(NUMBER_TO_CALL)) {
        const call = make("a", "call", match[0]);
        call.href = telephone(match[0]);
        parts.push(text.slice(end, match.index), call);
        end = match.index + match[0].length;
    }
    return [...parts, text.slice(end)];
}
