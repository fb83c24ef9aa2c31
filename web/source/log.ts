import type { Conversation, ConversationListener } from "./conversation";
import { mentionsDanger } from "./danger";
import type { Entry } from "./entries";
import { KEPT } from "./feedback";
import { button, icon, make, named } from "./nodes";
import type { Unsent } from "./outbox";
import { dayNode, entryNode, greetingNode, offlineDangerNode, spoken, unsentNode } from "./render";
import type { RenderContext } from "./render_context";

// Keeps rendering quick; the button above them loads the rest.
const SHOWN_AT_ONCE = 60;
const NEAR_END_PX = 60;
const MARGIN_PX = 12;
const LINE_PX = 20;
// Longer than an answer normally takes, so that nothing flickers.
const WORKING_AFTER_MS = 300;
const WORKING_LONG_AFTER_MS = 8000;

/** Lets a screen reader say something once; an urgent text interrupts what is being read. */
export type Announce = (text: string, urgent?: boolean) => void;

/** Transcript: entries, unsent messages, the typing indicator and the button to the latest message. */
export class Log implements ConversationListener {
    readonly node: HTMLElement;
    private readonly scroller: HTMLElement;
    private readonly list: HTMLElement;
    private readonly sending: HTMLElement;
    private readonly dots: HTMLElement;
    private readonly dotsText: HTMLElement;
    private readonly latest: HTMLButtonElement;
    private readonly earlier: HTMLButtonElement;
    private readonly conversation: Conversation;
    private readonly context: RenderContext;
    private readonly announce: Announce;
    private firstShown = 0;
    /** The reader is at the end, or where the last question put them. */
    private following = true;
    private scrolledTo = 0;
    /** Ids of the unsent messages whose danger was announced. */
    private readonly alarmed = new Set<string>();
    private timers: number[] = [];

    constructor(conversation: Conversation, context: RenderContext, announce: Announce) {
        this.conversation = conversation;
        this.context = context;
        this.announce = announce;
        const { words } = context;
        this.earlier = button("earlier", () => this.showEarlier(), words.say("earlier"));
        this.list = make("div", "entries");
        this.sending = make("div", "entries");
        this.dotsText = make("span", "working-text");
        this.dots = make("div", "working", make("span", "dots", make("i"), make("i"), make("i")), this.dotsText);
        this.scroller = make("div", "scroller", this.earlier, this.list, this.sending, this.dots);
        // New entries are announced one by one in the live region, so that a loaded history is not read out.
        named(this.scroller, words.say("conversation"), "log").setAttribute("aria-live", "off");
        this.scroller.tabIndex = 0;
        this.latest = button("latest", () => this.toEnd(), icon("down"), make("span"));
        this.node = make("div", "log", this.scroller, this.latest);
        this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
        this.scroller.addEventListener(
            "wheel",
            (event) => {
                // The page has taken the wheel for a scrolling of its own.
                if (event.defaultPrevented) this.scroller.scrollTop += event.deltaY * (event.deltaMode ? LINE_PX : 1);
            },
            { passive: true },
        );
        // Not the scroller, which shrinks while the button is shown.
        new ResizeObserver(() => this.keepScroll()).observe(this.node);
        conversation.addListener(this);
        this.history();
        this.unsent();
        this.working();
    }

    dispose(): void {
        this.conversation.removeListener(this);
    }

    history(): void {
        const { entries, starters } = this.conversation;
        this.firstShown = Math.max(0, entries.length - SHOWN_AT_ONCE);
        this.earlier.hidden = this.firstShown === 0;
        this.list.replaceChildren();
        if (this.context.greeting && this.firstShown === 0)
            this.list.append(greetingNode(entries.length ? [] : starters, this.context));
        this.append(entries.slice(this.firstShown));
        this.following = true;
        this.keepScroll();
    }

    entry(entry: Entry): void {
        if (entry.from === "assistant") this.announce(spoken(entry, this.context), entry.kind === "urgent");
        this.append([entry]);
        if (entry.kept) for (const node of this.list.querySelectorAll(".feedback")) node.dispatchEvent(new Event(KEPT));
        this.keepScroll(entry.from === "assistant");
    }

    unsent(): void {
        const online = this.conversation.state === "online";
        this.sending.replaceChildren(...this.conversation.unsent.flatMap((message) => this.unsentNodes(message, online)));
        if (this.conversation.unsent.length) this.following = true;
        this.keepScroll();
    }

    state(): void {
        this.unsent();
    }

    /** An unsent message; below one with a phrase of danger the emergency sentence, as the server cannot say it now. */
    private unsentNodes(message: Unsent, online: boolean): HTMLElement[] {
        const { words } = this.context;
        const node = unsentNode(message, online, this.context);
        if (online || message.acknowledged || !mentionsDanger(message.shown, words.danger)) return [node];
        if (!this.alarmed.has(message.id)) this.announce(`${words.say("urgent")}. ${words.say("offline_danger")}`, true);
        this.alarmed.add(message.id);
        return [node, offlineDangerNode(this.context)];
    }

    working(): void {
        for (const timer of this.timers) clearTimeout(timer);
        this.timers = [];
        this.dots.classList.remove("shown");
        if (!this.conversation.working) return;
        const say = (after: number, label: string) =>
            this.timers.push(
                setTimeout(() => {
                    this.dotsText.textContent = this.context.words.say(label);
                    this.dots.classList.add("shown");
                    this.announce(this.context.words.say(label));
                    this.keepScroll();
                }, after),
            );
        say(WORKING_AFTER_MS, "working");
        say(WORKING_LONG_AFTER_MS, "working_long");
    }

    expired(): void {
        const text = this.context.words.say("expired");
        this.list.append(make("p", "day", text));
        this.announce(text);
        this.keepScroll();
    }

    /** Restores the scroll position after the log has become visible or has changed its size. */
    keepScroll(news = false): void {
        if (this.following) this.scrollToQuestion();
        else if (news) this.mark(true);
        this.showLatest();
    }

    private append(entries: Entry[]): void {
        let last = this.list.lastElementChild?.querySelector("time")?.dateTime;
        for (const entry of entries) {
            const date = new Date(entry.time);
            if (last === undefined || new Date(last).toDateString() !== date.toDateString()) {
                if (last !== undefined || date.toDateString() !== new Date().toDateString())
                    this.list.append(dayNode(date, this.context.words));
            }
            last = entry.time;
            const node = entryNode(entry, this.context);
            const before = this.list.lastElementChild;
            // One time below entries of the same minute and author.
            if (
                before?.classList.contains(entry.from) &&
                before.querySelector("time")?.textContent === node.querySelector("time")?.textContent
            )
                before.classList.add("continued");
            this.list.append(node);
        }
    }

    private showEarlier(): void {
        const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
        const rest = [...this.list.children];
        const until = this.firstShown;
        this.firstShown = Math.max(0, until - SHOWN_AT_ONCE);
        this.earlier.hidden = this.firstShown === 0;
        this.list.replaceChildren();
        if (this.context.greeting && this.firstShown === 0) this.list.append(greetingNode([], this.context));
        this.append(this.conversation.entries.slice(this.firstShown, until));
        const first = this.list.querySelector<HTMLElement>(".entry");
        this.list.append(...rest);
        this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
        // The button may be gone: focus moves to the first loaded entry.
        if (first) first.tabIndex = -1;
        first?.focus({ preventScroll: true });
    }

    /** Scrolls the last question to the top, so that a long answer is read from its beginning; an emergency itself. */
    private scrollToQuestion(): void {
        const questions = this.scroller.querySelectorAll<HTMLElement>(".entry.patient, .entry.urgent");
        const question = questions[questions.length - 1];
        this.scroller.scrollTop = question ? question.offsetTop - MARGIN_PX : 0;
        this.scrolledTo = this.scroller.scrollTop;
    }

    private toEnd(): void {
        this.scroller.scrollTop = this.scroller.scrollHeight;
        this.scroller.focus({ preventScroll: true });
    }

    private get atEnd(): boolean {
        return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR_END_PX;
    }

    private scrolled(): void {
        // Any other position was scrolled to by the reader.
        if (Math.abs(this.scroller.scrollTop - this.scrolledTo) > 1) this.following = this.atEnd;
        this.showLatest();
    }

    private showLatest(): void {
        if (this.atEnd) this.mark(false);
        this.latest.classList.toggle("shown", !this.atEnd);
    }

    private mark(news: boolean): void {
        const { words } = this.context;
        const text = this.latest.querySelector("span");
        if (text) text.textContent = words.say(news ? "new_messages" : "latest");
        this.latest.classList.toggle("news", news);
    }
}
