import { onDarkPage } from "./colour_scheme";
import { type Conversation, type ConversationListener, conversationWith } from "./conversation";
import { report } from "./diagnostics";
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

/** Events for the page; none carries message text. */
interface Events {
    ready: undefined;
    open: undefined;
    close: undefined;
    message: { from: Entry["from"]; kind: Entry["kind"]; topic: string | null };
}

/** Custom element `<trialguide-chat>`. */
class TrialGuideChat extends HTMLElement {
    static readonly observedAttributes = [...NAMES];
    private readonly root = make("div", "root");
    /** Live regions, polite and assertive. They move into the dialog, as all outside of a modal one is silent. */
    private readonly live = make("div", "hidden", make("div"), make("div"));
    /** Placed by the script: put back when a framework replaces the content of the document. */
    private automatic = false;
    private panel: Panel | null = null;
    private makePanel: (() => Panel) | null = null;
    private launcher: HTMLButtonElement | null = null;
    private words: Words | null = null;
    private conversation: Conversation | null = null;
    private openedFrom: Element | null = null;
    private openWhenReady = false;
    private unread = false;
    private label = "";
    private builds = 0;
    private readonly themes = new MutationObserver(() => this.applyColourScheme());
    private readonly listener: ConversationListener = { entry: (entry) => this.arrived(entry) };

    constructor() {
        super();
        const shadow = this.attachShadow({ mode: "open" });
        addStyle(shadow, css);
        this.live.firstElementChild?.setAttribute("role", "status");
        this.live.lastElementChild?.setAttribute("role", "alert");
        shadow.append(this.root, this.live);
        // Shortcuts of the page would take letters from the field, focus traps of its dialogs the focus.
        for (const type of ["keydown", "keypress", "keyup", "focusin"])
            shadow.addEventListener(type, (event) => event.stopPropagation());
        DARK.addEventListener("change", this.applyColourScheme);
        addEventListener("load", this.applyColourScheme);
    }

    /** Places an element beside the body, as frameworks replace that and designs transform it; no second one. */
    static place(element = elementFromScript()): void {
        if (document.querySelector(NAME)) return;
        (element as TrialGuideChat).automatic = true;
        document.documentElement.append(element);
    }

    /** Removes the element for good. */
    override remove(): void {
        this.automatic = false;
        super.remove();
    }

    connectedCallback(): void {
        this.themes.observe(document.documentElement, { attributes: true, childList: true });
        void this.build();
    }

    disconnectedCallback(): void {
        this.builds++;
        this.clear();
        this.themes.disconnect();
        if (this.automatic) setTimeout(() => this.automatic && TrialGuideChat.place(this));
    }

    attributeChangedCallback(): void {
        if (this.isConnected) void this.build();
    }

    /** Opens the panel, as soon as the widget is ready. */
    open(): void {
        if (!this.makePanel) this.openWhenReady = true;
        else this.show(true);
    }

    /** Closes the panel and restores the focus. */
    close(): void {
        this.openWhenReady = false;
        if (!this.panel?.isOpen || !this.launcher) return;
        const hadFocus = this.shadowRoot?.activeElement != null;
        this.panel.close();
        this.shadowRoot?.append(this.live);
        this.conversation?.tab.set("open", "no");
        this.launcher.hidden = false;
        const back =
            this.openedFrom?.isConnected && this.openedFrom !== this ? (this.openedFrom as HTMLElement) : this.launcher;
        if (hadFocus) back.focus();
        this.emit("close", undefined);
    }

    /** Opens the panel and sends a message for the patient. */
    send(text: string): void {
        const trimmed = String(text).trim();
        if (!trimmed) return;
        this.open();
        const options = readOptions(this);
        if (options.server) (this.conversation ?? this.join(options.server, options)).send(trimmed);
    }

    /** Subscribes to `ready`, `open`, `close` or `message`; returns the function that unsubscribes. */
    on<Name extends keyof Events>(name: Name, callback: (detail: Events[Name]) => void): () => void {
        const listener = (event: Event) => callback((event as CustomEvent<Events[Name]>).detail);
        this.addEventListener(`trialguide-${name}`, listener);
        return () => this.removeEventListener(`trialguide-${name}`, listener);
    }

    private async build(): Promise<void> {
        const build = ++this.builds;
        const options = readOptions(this);
        const { server } = options;
        if (!server) return report(`the script cannot tell its server here. Set data-server="https://..." on its tag.`);
        const words = await loadWords(server, options.language, options.name);
        // An option has changed meanwhile, or the element was removed.
        if (build !== this.builds) return;
        this.clear();
        this.words = words;
        const conversation = this.join(server, options);
        this.label = options.label || words.say("launcher");
        this.root.lang = words.language;
        this.root.dir = options.direction || words.direction;
        this.root.dataset.position = options.position;
        this.applyColourScheme();
        this.makePanel = () =>
            new Panel(words, options, server, conversation, {
                close: () => this.close(),
                announce: (text, urgent) => this.announce(text, urgent),
                live: this.live,
            });
        if (options.position === "inline") {
            this.show(false);
        } else {
            this.launcher = button("launcher", () => this.show(true), icon("chat"), make("span", "", this.label));
            this.root.prepend(this.launcher);
            const stored = conversation.tab.get("open");
            if (this.openWhenReady) this.show(true);
            else if (stored === "yes" || (stored === null && options.opened && !FULL_SCREEN.matches)) this.show(false);
        }
        this.emit("ready", undefined);
        // The launcher comes first; the panel is built while the browser is idle.
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
        this.applyColourScheme();
        panel.open(takeFocus);
        if (this.launcher) this.launcher.hidden = true;
        if (this.launcher) conversation.tab.set("open", "yes");
        conversation.start();
        this.emit("open", undefined);
    }

    /** Joins the conversation that the options name. */
    private join(server: URL, options: Options): Conversation {
        const conversation = conversationWith(server, options.storage);
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
        this.panel?.dispose();
        this.shadowRoot?.append(this.live);
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
        // The badge alone tells a screen reader nothing.
        if (this.unread)
            this.launcher?.setAttribute("aria-label", this.words?.say("launcher_unread", { label: this.label }) ?? "");
        else this.launcher?.removeAttribute("aria-label");
    }

    /** Announces a text and removes it again, so that it is not met once more when reading through the page. */
    private announce(text: string, urgent = false): void {
        const line = make("p", "", text);
        this.live.children[urgent ? 1 : 0]?.append(line);
        setTimeout(() => line.remove(), ANNOUNCED_FOR_MS);
    }

    private readonly applyColourScheme = (): void => {
        // The body may have been replaced.
        if (document.body && this.isConnected) this.themes.observe(document.body, { attributes: true });
        const { scheme, position } = readOptions(this);
        const dark = scheme === "dark" || (scheme === "auto" && this.isConnected && onDarkPage(this, position === "inline"));
        this.root.classList.toggle("dark", dark);
    };

    private emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void {
        this.dispatchEvent(new CustomEvent(`trialguide-${name}`, { detail, bubbles: true }));
    }
}

/** Safari knows no idle time. */
function whenIdle(act: () => void): void {
    if ("requestIdleCallback" in window) requestIdleCallback(act, { timeout: LONGEST_UNTIL_IDLE_MS });
    else setTimeout(act);
}

// A second script tag, or one that a framework runs again, finds the element defined.
const defined = customElements.get(NAME) as typeof TrialGuideChat | undefined;
if (!defined) customElements.define(NAME, TrialGuideChat);
const place = () => (defined ?? TrialGuideChat).place();
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place);
else place();
