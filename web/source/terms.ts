import type { Term } from "./entries";
import { make } from "./nodes";
import type { RenderContext } from "./render_context";

// A part of a longer word is none; a look behind would be too new for some browsers.
const BEFORE = "(^|[^\\p{L}\\p{N}])";
const AFTER = "(?![\\p{L}\\p{N}])";

/** Marks each term where it first stands in some paragraphs; a press shows its meaning below that paragraph. */
export function markTerms(paragraphs: HTMLElement[], terms: Term[], id: string, context: RenderContext): void {
    const meanings = new Map(terms.map((term) => [term.name, term.meaning]));
    const longestFirst = [...meanings.keys()].sort((one, other) => other.length - one.length);
    const names = longestFirst.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
    const anywhere = new RegExp(`${BEFORE}(${names})${AFTER}`, "gu");
    const meaning = new Meaning(id, context);
    for (const block of paragraphs.flatMap((part) => (part.matches("ul") ? [...part.children] : [part]))) {
        for (const text of [...block.childNodes].filter((node) => node instanceof Text)) {
            const parts: (Node | string)[] = [];
            let end = 0;
            for (const match of text.data.matchAll(anywhere)) {
                const [, before = "", name = ""] = match;
                const explained = meanings.get(name);
                if (explained === undefined) continue;
                meanings.delete(name);
                const start = match.index + before.length;
                parts.push(text.data.slice(end, start), meaning.mark(name, explained, block));
                end = start + name.length;
            }
            if (parts.length) text.replaceWith(...parts, text.data.slice(end));
        }
    }
}

/** The box with a meaning, one an entry, and the marked words that open it. */
class Meaning {
    private readonly box = make("p", "meaning");
    private readonly context: RenderContext;
    private opener: HTMLElement | undefined;

    constructor(id: string, context: RenderContext) {
        this.context = context;
        this.box.id = `meaning-${id}`;
        this.box.dir = "auto";
    }

    /** A marked word. No <button>: that would not break across lines like the text around it. */
    mark(name: string, meaning: string, block: Element): HTMLElement {
        const word = make("span", "term", name);
        word.setAttribute("role", "button");
        word.tabIndex = 0;
        word.setAttribute("aria-expanded", "false");
        const toggle = () => (this.opener === word ? this.close() : this.open(word, meaning, block));
        word.addEventListener("click", toggle);
        word.addEventListener("keydown", (event) => {
            if (event.key === "Enter" || event.key === " ") {
                event.preventDefault();
                toggle();
            } else if (event.key === "Escape" && this.opener) {
                // The panel stays open.
                event.stopPropagation();
                this.close();
            }
        });
        return word;
    }

    private open(word: HTMLElement, meaning: string, block: Element): void {
        this.close();
        this.opener = word;
        word.setAttribute("aria-expanded", "true");
        word.setAttribute("aria-controls", this.box.id);
        this.box.replaceChildren(make("b", "", word.textContent ?? ""), `: ${meaning}`);
        if (block.matches("li")) block.append(this.box);
        else block.after(this.box);
        this.box.scrollIntoView({ block: "nearest" });
        this.context.announce(meaning);
    }

    private close(): void {
        this.opener?.setAttribute("aria-expanded", "false");
        this.opener?.removeAttribute("aria-controls");
        this.opener = undefined;
        this.box.remove();
    }
}
