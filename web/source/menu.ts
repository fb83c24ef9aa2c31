import { PAGES } from "./links";
import { button, hidden, type IconName, icon, iconButton, make } from "./nodes";
import type { Words } from "./words";

const SIGNS = { faq: "list", glossary: "book", privacy: "privacy" } as const;

/** Actions of the menu. */
export interface MenuActions {
    save(): void;
    print(): void;
    restart(): void;
}

/** Disclosure button and the list that it opens: save, print, the assistant's pages, restart. */
export class Menu {
    readonly button: HTMLButtonElement;
    readonly node: HTMLElement;
    private readonly words: Words;

    constructor(words: Words, server: URL, actions: MenuActions) {
        this.words = words;
        this.button = iconButton("menu", words.say("menu"), () => this.toggle());
        this.button.setAttribute("aria-controls", "menu");
        this.node = make(
            "ul",
            "menu",
            this.action("save", "save", actions.save),
            this.action("print", "print", actions.print),
            ...PAGES.map(([path, label]) => this.page(SIGNS[path], label, new URL(path, server))),
            this.action("again", "again", actions.restart),
        );
        this.node.id = "menu";
        this.node.setAttribute("role", "list");
        this.node.addEventListener("focusout", (event) => {
            const to = event.relatedTarget as Node | null;
            if (to && !this.node.contains(to) && to !== this.button) this.show(false);
        });
        this.show(false);
    }

    get isOpen(): boolean {
        return !this.node.hidden;
    }

    show(shown: boolean): void {
        this.node.hidden = !shown;
        this.button.setAttribute("aria-expanded", String(shown));
    }

    /** Opens or closes the menu and moves the focus along. */
    toggle(): void {
        this.show(!this.isOpen);
        const focused = this.isOpen ? this.node.querySelector<HTMLElement>("button, a") : this.button;
        focused?.focus();
    }

    private action(sign: IconName, label: string, act: () => void): HTMLElement {
        const pressed = () => {
            this.toggle();
            act();
        };
        return make("li", "", button("", pressed, icon(sign), this.words.say(label)));
    }

    private page(sign: IconName, label: string, address: URL): HTMLElement {
        const link = make("a", "", icon(sign), this.words.say(label), hidden(` (${this.words.say("new_tab")})`));
        link.href = address.href;
        link.target = "_blank";
        link.rel = "noopener";
        return make("li", "", link);
    }
}
