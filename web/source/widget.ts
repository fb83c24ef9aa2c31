import { type Conversation, type ConversationListener, conversationWith } from "./conversation";
import type { Entry } from "./entries";
import { button, icon, make } from "./nodes";
import { elementFromScript, NAMES, type Options, readOptions } from "./options";
import { FULL_SCREEN, Panel } from "./panel";
import { addStyle } from "./style";
import css from "./style.css";
import { loadWords, type Words } from "./words";

const NAME = "trialguide-chat";
const ANNOUNCED_FOR_MS = 6000;
const LONGEST_UNTIL_IDLE_MS = 1000;
const DARK = matchMedia("(prefers-color-scheme: dark)");

/** What a page can listen to; no event carries what was said. */
interface Events {
    ready: undefined;
    open: undefined;
    close: undefined;
    message: { from: Entry["from"]; kind: Entry["kind"]; topic: string | null };
}

/** The chat on a page: `<trialguide-chat>`. */
class TrialGuideChat extends HTMLElement {
    static readonly observedAttributes = [...NAMES];
    private readonly root = make("div", "root");
    private readonly announcer = make("div", "hidden");
    private panel: Panel | null = null;
    private makePanel: (() => Panel) | null = null;
    private launcher: HTMLButtonElement | null = null;
    private words: Words | null = null;
    private conversation: Conversation | null = null;
    private openedFrom: Element | null = null;
    private openWhenReady = false;
    private unread = false;
    private builds = 0;
    private readonly listener: ConversationListener = { entry: (entry) => this.arrived(entry) };

    constructor() {
        super();
        const shadow = this.attachShadow({ mode: "open" });
        addStyle(shadow, css);
        this.announcer.setAttribute("role", "status");
        shadow.append(this.root, this.announcer);
        DARK.addEventListener("change", () => this.colour(readOptions(this)));
    }

    connectedCallback(): void {
        void this.build();
    }

    disconnectedCallback(): void {
        this.builds++;
        this.clear();
    }

    attributeChangedCallback(): void {
        if (this.isConnected) void this.build();
    }

    /** Opens the panel; before the widget is ready, as soon as it is. */
    open(): void {
        if (!this.makePanel) this.openWhenReady = true;
        else this.show(true);
    }

    /** Closes the panel and gives the focus back. */
    close(): void {
        this.openWhenReady = false;
        if (!this.panel?.isOpen || !this.launcher) return;
        const hadFocus = this.shadowRoot?.activeElement != null;
        this.panel.close();
        this.conversation?.tab.set("open", "no");
        this.launcher.hidden = false;
        const back =
            this.openedFrom?.isConnected && this.openedFrom !== this ? (this.openedFrom as HTMLElement) : this.launcher;
        if (hadFocus) back.focus();
        this.emit("close", undefined);
    }

    /** Opens the panel and says something for the patient. */
    send(text: string): void {
        const trimmed = String(text).trim();
        if (!trimmed) return;
        this.open();
        (this.conversation ?? this.join(readOptions(this))).send(trimmed);
    }

    /** Calls back at `ready`, `open`, `close` or `message`; what it returns ends that. */
    on<Name extends keyof Events>(name: Name, callback: (detail: Events[Name]) => void): () => void {
        const listener = (event: Event) => callback((event as CustomEvent<Events[Name]>).detail);
        this.addEventListener(`trialguide-${name}`, listener);
        return () => this.removeEventListener(`trialguide-${name}`, listener);
    }

    private async build(): Promise<void> {
        const build = ++this.builds;
        const options = readOptions(this);
        const words = await loadWords(options.server, options.language);
        // Meanwhile an option has changed, or the element has gone.
        if (build !== this.builds) return;
        this.clear();
        this.words = words;
        const conversation = this.join(options);
        this.root.lang = words.language;
        this.root.dir = options.direction || words.direction;
        this.root.dataset.position = options.position;
        this.colour(options);
        this.makePanel = () =>
            new Panel(words, options, conversation, {
                close: () => this.close(),
                announce: (text) => this.announce(text),
            });
        if (options.position === "inline") {
            this.show(false);
        } else {
            const label = make("span", "", options.label || words.say("launcher"));
            this.launcher = button("launcher", () => this.show(true), icon("chat"), label);
            this.root.prepend(this.launcher);
            const kept = conversation.tab.get("open");
            if (this.openWhenReady) this.show(true);
            else if (kept === "yes" || (kept === null && options.opened && !FULL_SCREEN.matches)) this.show(false);
        }
        this.emit("ready", undefined);
        // The button is there first: what it opens is made while the browser has nothing else to do.
        whenIdle(() => build === this.builds && this.madePanel());
    }

    private madePanel(): Panel | null {
        if (!this.panel && this.makePanel) {
            this.panel = this.makePanel();
            this.root.append(this.panel.node);
        }
        return this.panel;
    }

    private show(takeFocus: boolean): void {
        const panel = this.madePanel();
        const { conversation } = this;
        if (!panel || !conversation || panel.isOpen) return;
        this.openedFrom = document.activeElement;
        this.unread = false;
        this.showUnread();
        panel.open(takeFocus);
        if (this.launcher) this.launcher.hidden = true;
        if (this.launcher) conversation.tab.set("open", "yes");
        conversation.start();
        this.emit("open", undefined);
    }

    /** Takes part in the conversation that the options name. */
    private join(options: Options): Conversation {
        const conversation = conversationWith(options.server, options.storage);
        if (conversation !== this.conversation) {
            this.conversation?.removeListener(this.listener);
            conversation.addListener(this.listener);
        }
        this.conversation = conversation;
        return conversation;
    }

    private clear(): void {
        this.conversation?.removeListener(this.listener);
        this.conversation = null;
        this.panel?.leave();
        this.panel = null;
        this.makePanel = null;
        this.launcher = null;
        this.root.replaceChildren();
    }

    private arrived(entry: Entry): void {
        this.emit("message", { from: entry.from, kind: entry.kind, topic: entry.topic?.id ?? null });
        if (this.panel?.isOpen || entry.from === "patient") return;
        this.unread = true;
        this.showUnread();
    }

    private showUnread(): void {
        this.launcher?.classList.toggle("unread", this.unread);
        // The badge alone would tell those who cannot see it nothing.
        if (this.unread) this.launcher?.setAttribute("aria-label", this.words?.say("launcher_unread") ?? "");
        else this.launcher?.removeAttribute("aria-label");
    }

    /** Lets a screen reader say something once; it is not left behind for those who read through the page. */
    private announce(text: string): void {
        const line = make("p", "", text);
        this.announcer.append(line);
        setTimeout(() => line.remove(), ANNOUNCED_FOR_MS);
    }

    private colour(options: Options): void {
        const dark = options.scheme === "dark" || (options.scheme === "auto" && DARK.matches);
        this.root.classList.toggle("dark", dark);
    }

    private emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void {
        this.dispatchEvent(new CustomEvent(`trialguide-${name}`, { detail, bubbles: true }));
    }
}

/** Safari knows no idle time. */
function whenIdle(act: () => void): void {
    if ("requestIdleCallback" in window) requestIdleCallback(act, { timeout: LONGEST_UNTIL_IDLE_MS });
    else setTimeout(act);
}

// A second script tag finds the element defined, and leaves everything as it is.
if (!customElements.get(NAME)) {
    customElements.define(NAME, TrialGuideChat);
    const place = () => {
        if (!document.querySelector(NAME)) document.body.append(elementFromScript());
    };
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place);
    else place();
}
