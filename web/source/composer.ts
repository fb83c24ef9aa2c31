import { hidden, iconButton, isComposing, make } from "./nodes";
import type { Words } from "./words";

const LONGEST = 1000;
const COUNTED_FROM = 850;

/** Form for a message. Enter sends, Shift+Enter makes a new line. */
export class Composer {
    readonly node: HTMLFormElement;
    readonly field: HTMLTextAreaElement;
    private readonly words: Words;
    private readonly counter: HTMLElement;
    private readonly typed: (text: string) => void;

    constructor(
        words: Words,
        draft: string,
        { send, typed, announce }: { send(text: string): void; typed(text: string): void; announce(text: string): void },
    ) {
        this.words = words;
        this.typed = typed;
        this.field = make("textarea");
        this.field.rows = 1;
        this.field.dir = "auto";
        this.field.placeholder = words.say("question_hint");
        this.field.enterKeyHint = "send";
        this.field.setAttribute("aria-describedby", "counter");
        this.field.value = draft;
        this.counter = make("p", "counter");
        this.counter.id = "counter";
        const submit = iconButton("send", words.say("send"), () => {});
        submit.type = "submit";
        submit.classList.add("submit");
        const label = make("label", "field", hidden(words.say("question")), this.field);
        this.node = make("form", "composer", this.counter, label, submit);

        this.field.addEventListener("input", () => this.changed());
        this.field.addEventListener("keydown", (event) => {
            // During composition, as in Japanese, Enter accepts the word.
            if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
            event.preventDefault();
            this.node.requestSubmit();
        });
        this.node.addEventListener("submit", (event) => {
            event.preventDefault();
            const text = this.field.value.trim();
            if (length(text) > LONGEST) announce(this.counter.textContent ?? "");
            if (!text || length(text) > LONGEST) return this.field.focus();
            this.clear();
            send(text);
        });
        this.changed();
    }

    /** Empties the field. */
    clear(): void {
        this.field.value = "";
        this.changed();
    }

    /** Fits the height to the text; called again when the field becomes visible. */
    fit(): void {
        this.field.style.height = "auto";
        if (this.field.scrollHeight) this.field.style.height = `${this.field.scrollHeight}px`;
    }

    private changed(): void {
        const left = LONGEST - length(this.field.value.trim());
        const over = left < 0;
        const shown = over
            ? this.words.say("characters_over", { over: -left })
            : LONGEST - left >= COUNTED_FROM
              ? this.words.say("characters_left", { left })
              : "";
        this.counter.textContent = shown;
        this.node.classList.toggle("over", over);
        this.field.setAttribute("aria-invalid", String(over));
        this.typed(this.field.value);
        this.fit();
    }
}

/** Length in characters as the server counts them: an emoji is one, not two. */
function length(text: string): number {
    return Array.from(text).length;
}
