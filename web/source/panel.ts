import { Composer } from "./composer";
import type { Conversation, ConversationListener } from "./conversation";
import { asText, openPrintView, saveJson, saveText } from "./export";
import { safeAddress } from "./links";
import { type Announce, Log } from "./log";
import { Menu } from "./menu";
import { button, icon, iconButton, isComposing, make, named } from "./nodes";
import type { Options } from "./options";
import type { RenderContext } from "./render_context";
import type { Words } from "./words";

/** Screens that the panel fills, as in style.css. */
export const FULL_SCREEN = matchMedia("(max-width: 30em), (max-height: 26em)");
const OFFLINE_SHOWN_AFTER_MS = 1500;

/** Dialog with the conversation: head, menu, transcript and composer. */
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
    private readonly menu: Menu;
    private readonly question: HTMLElement;
    private readonly picture: HTMLDialogElement;
    private readonly listener: ConversationListener = { state: () => this.showState(), erased: () => this.composer.clear() };
    private readonly announce: Announce;
    private readonly live: HTMLElement;
    private statusTimer = 0;
    private wasOffline = false;

    constructor(
        words: Words,
        options: Options,
        server: URL,
        conversation: Conversation,
        { close, announce, live }: { close(): void; announce: Announce; live: HTMLElement },
    ) {
        this.words = words;
        this.conversation = conversation;
        this.announce = announce;
        this.live = live;
        this.inline = options.position === "inline";
        this.title = options.title || words.say("title");

        this.picture = make("dialog", "picture");
        this.picture.addEventListener("close", () => {
            if (this.node.open) this.node.append(this.live);
            this.adaptMode();
        });
        this.menu = new Menu(words, server, {
            save: () => this.save(),
            print: () => this.print(),
            restart: () => this.ask(),
        });
        this.question = this.makeQuestion();
        const heading = make("h2", "", this.title);
        heading.id = "title";
        const subtitle = make("p", "", words.say("subtitle"));
        subtitle.id = "subtitle";
        const titles = make("div", "titles", heading, subtitle);
        const head = make("div", "head", sign(options.logo), titles, this.menu.button);
        if (!this.inline) head.append(iconButton("close", words.say("close"), close));
        this.status = make("p", "status");
        this.status.hidden = true;
        this.context = {
            words,
            base: server,
            greeting: options.greeting,
            choose: (choice, comment) => conversation.choose(choice, comment),
            chosen: (choices, topic) => conversation.chosen(choices, topic),
            retry: (id) => conversation.retry(id),
            download: (format) => void this.download(format),
            enlarge: (image) => this.enlarge(image),
            announce,
        };
        this.log = new Log(conversation, this.context, announce);
        this.composer = new Composer(words, conversation.tab.get("draft") ?? "", {
            send: (text) => conversation.send(text),
            typed: (text) => conversation.tab.set("draft", text || null),
            announce,
        });
        this.node = make(
            "dialog",
            "panel",
            head,
            this.menu.node,
            this.question,
            this.status,
            this.log.node,
            this.composer.node,
            this.picture,
        );
        this.node.setAttribute("aria-labelledby", "title");
        this.node.setAttribute("aria-describedby", "subtitle");
        this.node.tabIndex = -1;
        this.node.addEventListener("keydown", (event) => {
            if (event.key !== "Escape" || isComposing(event)) return;
            event.preventDefault();
            if (this.picture.open) this.picture.close();
            else if (this.menu.isOpen) this.menu.toggle();
            else if (!this.question.hidden) this.answerQuestion(false);
            else if (!this.inline) close();
        });
        // The back gesture of a phone asks a modal dialog to close.
        this.node.addEventListener("cancel", (event) => {
            event.preventDefault();
            close();
        });
        // Pages that scroll by script would prevent them.
        for (const type of ["wheel", "touchmove"])
            this.node.addEventListener(type, (event) => event.stopPropagation(), { passive: true });
        conversation.addListener(this.listener);
        this.showState();
    }

    get isOpen(): boolean {
        return this.node.open;
    }

    /** Opens the panel; on a small screen as a modal dialog over the page. */
    open(takeFocus: boolean): void {
        if (this.node.open) return;
        // All outside of a modal dialog is inert, and an inert live region is silent.
        this.node.append(this.live);
        this.present();
        FULL_SCREEN.addEventListener("change", this.adaptMode);
        visualViewport?.addEventListener("resize", this.fit);
        visualViewport?.addEventListener("scroll", this.fit);
        if (takeFocus) this.focus();
    }

    close(): void {
        FULL_SCREEN.removeEventListener("change", this.adaptMode);
        visualViewport?.removeEventListener("resize", this.fit);
        visualViewport?.removeEventListener("scroll", this.fit);
        this.menu.show(false);
        this.node.close();
    }

    /** Focuses the field; on a touch screen the panel, as the keyboard would cover the text. */
    focus(): void {
        if (matchMedia("(pointer: coarse)").matches) this.node.focus();
        else this.composer.field.focus();
    }

    dispose(): void {
        this.close();
        this.log.dispose();
        this.conversation.removeListener(this.listener);
    }

    private get coversPage(): boolean {
        return FULL_SCREEN.matches && !this.inline;
    }

    private present(): void {
        if (this.coversPage) this.node.showModal();
        // Its method show() would take the focus from the page.
        else this.node.open = true;
        this.fit();
        this.composer.fit();
        this.log.keepScroll();
    }

    /** Becomes modal, or no longer modal, when the window is turned, resized or magnified. */
    private readonly adaptMode = (): void => {
        if (!this.node.open || this.picture.open || this.node.matches(":modal") === this.coversPage) return;
        const focused = (this.node.getRootNode() as ShadowRoot).activeElement;
        this.node.close();
        this.present();
        (focused as HTMLElement | null)?.focus({ preventScroll: true });
    };

    /** Keeps the panel above a keyboard on the screen. */
    private readonly fit = (): void => {
        const view = visualViewport;
        const covers = view !== null && this.coversPage;
        this.node.style.height = covers ? `${view.height}px` : "";
        this.node.style.top = covers ? `${view.offsetTop}px` : "";
    };

    /** Renders the confirmation before a new conversation. */
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
        else this.menu.button.focus();
    }

    private save(): void {
        saveText(asText(this.conversation.entries, this.context), this.words.say("file_name"));
    }

    private async download(format: "text" | "json"): Promise<void> {
        const copy = await this.conversation.copy();
        const name = this.words.say("copy_file_name");
        if (!copy?.accepted) this.say(copy?.text ?? this.words.say("copy_away"));
        else if (format === "text") saveText(copy.text, name);
        else saveJson(copy.copy, name);
    }

    private print(): void {
        if (!openPrintView(this.conversation.entries, this.context)) this.save();
    }

    private enlarge(image: HTMLImageElement): void {
        const large = make("img");
        large.alt = image.alt;
        large.src = image.src;
        const close = iconButton("close", this.words.say("close"), () => this.picture.close());
        this.picture.replaceChildren(close, large, this.live);
        named(this.picture, this.words.say("picture"));
        this.picture.showModal();
    }

    private showState(): void {
        clearTimeout(this.statusTimer);
        const { state, refusal } = this.conversation;
        if (state === "offline") {
            // A short break is not reported.
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

/** Renders the logo option, or an icon where there is no logo or it cannot be loaded. */
function sign(logo: string): HTMLElement {
    const fallback = make("span", "sign", icon("chat"));
    const address = logo && safeAddress(logo, new URL(document.baseURI));
    if (!address) return fallback;
    const image = make("img", "logo");
    image.alt = "";
    image.addEventListener("error", () => image.replaceWith(fallback));
    image.src = address;
    return image;
}
