import { Composer } from "./composer";
import type { Conversation, ConversationListener } from "./conversation";
import { asText, openPrintView, saveText } from "./export";
import { Log } from "./log";
import { button, hidden, type IconName, icon, iconButton, make, named } from "./nodes";
import type { Options } from "./options";
import type { RenderContext } from "./render_context";
import type { Words } from "./words";

/** Where the panel fills the screen, as in style.css. */
export const FULL_SCREEN = matchMedia("(max-width: 30em), (max-height: 26em)");
const OFFLINE_SHOWN_AFTER_MS = 1500;

/** The window with the conversation: what it is, its menu, the log and the field to type in. */
export class Panel {
    readonly node: HTMLDialogElement;
    private readonly words: Words;
    private readonly conversation: Conversation;
    private readonly inline: boolean;
    private readonly title: string;
    private readonly context: RenderContext;
    private readonly log: Log;
    private readonly composer: Composer;
    private readonly status: HTMLElement;
    private readonly menu: HTMLElement;
    private readonly menuButton: HTMLButtonElement;
    private readonly question: HTMLElement;
    private readonly picture: HTMLDialogElement;
    private readonly listener: ConversationListener = { state: () => this.showState(), erased: () => this.composer.clear() };
    private readonly announce: (text: string) => void;
    private statusTimer = 0;
    private wasOffline = false;

    constructor(
        words: Words,
        options: Options,
        conversation: Conversation,
        { close, announce }: { close(): void; announce(text: string): void },
    ) {
        this.words = words;
        this.conversation = conversation;
        this.announce = announce;
        this.inline = options.position === "inline";
        this.title = options.title || words.say("title");

        this.picture = make("dialog", "picture");
        this.menuButton = iconButton("menu", words.say("menu"), () => this.toggleMenu());
        this.menu = this.makeMenu(options.server);
        this.question = this.makeQuestion();
        const heading = make("h2", "", this.title);
        heading.id = "title";
        const titles = make("div", "titles", heading, make("p", "", words.say("subtitle")));
        const header = make("header", "", make("span", "sign", icon("chat")), titles, this.menuButton);
        if (!this.inline) header.append(iconButton("close", words.say("close"), close));
        this.status = make("p", "status");
        this.status.hidden = true;
        this.context = {
            words,
            base: options.server,
            choose: (choice, comment) => conversation.choose(choice, comment),
            chosen: (choices, topic) => conversation.chosen(choices, topic),
            retry: (id) => conversation.retry(id),
            enlarge: (image) => this.enlarge(image),
        };
        this.log = new Log(conversation, this.context, options.greeting, announce);
        this.composer = new Composer(words, conversation.tab.get("draft") ?? "", {
            send: (text) => conversation.send(text),
            typed: (text) => conversation.tab.set("draft", text || null),
            announce,
        });
        this.node = make(
            "dialog",
            "panel",
            header,
            this.menu,
            this.question,
            this.status,
            this.log.node,
            this.composer.node,
            this.picture,
        );
        this.node.setAttribute("aria-labelledby", "title");
        this.node.tabIndex = -1;
        this.node.addEventListener("keydown", (event) => {
            if (event.key !== "Escape" || event.isComposing) return;
            event.preventDefault();
            if (this.picture.open) this.picture.close();
            else if (!this.menu.hidden) this.toggleMenu();
            else if (!this.question.hidden) this.answerQuestion(false);
            else if (!this.inline) close();
        });
        conversation.addListener(this.listener);
        this.showState();
    }

    get isOpen(): boolean {
        return this.node.open;
    }

    /** Shows the panel; on a small screen it covers the page, and the keyboard stays within it. */
    open(takeFocus: boolean): void {
        if (this.node.open) return;
        if (FULL_SCREEN.matches && !this.inline) this.node.showModal();
        else this.node.show();
        visualViewport?.addEventListener("resize", this.fit);
        visualViewport?.addEventListener("scroll", this.fit);
        this.fit();
        this.composer.fit();
        this.log.keepPlace();
        if (takeFocus) this.focus();
    }

    close(): void {
        visualViewport?.removeEventListener("resize", this.fit);
        visualViewport?.removeEventListener("scroll", this.fit);
        this.menu.hidden = true;
        this.node.close();
    }

    /** On a touch screen the keyboard would cover what there is to read: there the panel itself takes the focus. */
    focus(): void {
        if (matchMedia("(pointer: coarse)").matches) this.node.focus();
        else this.composer.field.focus();
    }

    leave(): void {
        this.log.leave();
        this.conversation.removeListener(this.listener);
    }

    /** Keeps the panel above a keyboard on the screen. */
    private readonly fit = (): void => {
        const view = visualViewport;
        const covers = view !== null && FULL_SCREEN.matches && !this.inline;
        this.node.style.height = covers ? `${view.height}px` : "";
        this.node.style.top = covers ? `${view.offsetTop}px` : "";
    };

    private makeMenu(server: URL): HTMLElement {
        const item = (sign: IconName, label: string, act: () => void) =>
            make(
                "li",
                "",
                button(
                    "",
                    () => {
                        this.toggleMenu();
                        act();
                    },
                    icon(sign),
                    this.words.say(label),
                ),
            );
        const page = (sign: IconName, label: string, path: string) => {
            const link = make("a", "", icon(sign), this.words.say(label), hidden(` (${this.words.say("new_tab")})`));
            link.href = new URL(path, server).href;
            link.target = "_blank";
            link.rel = "noopener";
            return make("li", "", link);
        };
        const menu = make(
            "ul",
            "menu",
            item("save", "save", () => this.save()),
            item("print", "print", () => this.print()),
            page("list", "all_answers", "faq"),
            page("privacy", "privacy", "privacy"),
            item("again", "again", () => this.ask()),
        );
        menu.id = "menu";
        menu.setAttribute("role", "list");
        menu.hidden = true;
        this.menuButton.setAttribute("aria-expanded", "false");
        this.menuButton.setAttribute("aria-controls", "menu");
        menu.addEventListener("focusout", (event) => {
            const to = event.relatedTarget as Node | null;
            if (to && !menu.contains(to) && to !== this.menuButton) this.showMenu(false);
        });
        return menu;
    }

    private toggleMenu(): void {
        const opens = this.menu.hidden !== false;
        this.showMenu(opens);
        if (opens) this.menu.querySelector<HTMLElement>("button, a")?.focus();
        else this.menuButton.focus();
    }

    private showMenu(shown: boolean): void {
        this.menu.hidden = !shown;
        this.menuButton.setAttribute("aria-expanded", String(shown));
    }

    /** The question that comes before a new conversation. */
    private makeQuestion(): HTMLElement {
        const text = make("p", "", this.words.say("again_ask"));
        text.id = "again";
        const yes = button("strong", () => this.answerQuestion(true), this.words.say("again_yes"));
        const no = button("", () => this.answerQuestion(false), this.words.say("again_no"));
        const question = make("div", "question", text, make("div", "", yes, no));
        question.setAttribute("role", "group");
        question.setAttribute("aria-labelledby", "again");
        question.hidden = true;
        return question;
    }

    private ask(): void {
        this.question.hidden = false;
        this.question.querySelector("button")?.focus();
    }

    private answerQuestion(yes: boolean): void {
        this.question.hidden = true;
        if (yes) void this.conversation.restart();
        if (yes) this.focus();
        else this.menuButton.focus();
    }

    private save(): void {
        saveText(asText(this.conversation.entries, this.context), this.words.say("file_name"));
    }

    private print(): void {
        if (!openPrintView(this.conversation.entries, this.context)) this.save();
    }

    private enlarge(image: HTMLImageElement): void {
        const large = make("img");
        large.alt = image.alt;
        large.src = image.src;
        const close = iconButton("close", this.words.say("close"), () => this.picture.close());
        this.picture.replaceChildren(close, large);
        named(this.picture, this.words.say("picture"));
        this.picture.showModal();
    }

    private showState(): void {
        clearTimeout(this.statusTimer);
        const { state, refusal } = this.conversation;
        if (state === "offline") {
            // A short break is not worth a word.
            this.statusTimer = setTimeout(() => {
                this.wasOffline = true;
                this.say(refusal || this.words.say("offline"));
            }, OFFLINE_SHOWN_AFTER_MS);
        } else if (state === "online") {
            if (this.wasOffline) this.announce(this.words.say("online"));
            this.wasOffline = false;
            this.say(this.conversation.lasts ? "" : this.words.say("not_kept"));
        }
    }

    private say(text: string): void {
        if (text && text !== this.status.textContent) this.announce(text);
        this.status.textContent = text;
        this.status.hidden = !text;
    }
}
