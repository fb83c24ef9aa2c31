import { Connection, type DataCopy, type Refusal, type Welcome } from "./connection";
import { type Choice, type Entry, sequence } from "./entries";
import { Outbox, type Unsent } from "./outbox";
import { Store } from "./storage";

export type State = "new" | "connecting" | "online" | "offline";

/** Callbacks of the views of a conversation. */
export interface ConversationListener {
    /** The whole history was replaced: render it anew. */
    history?(): void;
    entry?(entry: Entry): void;
    unsent?(): void;
    state?(): void;
    working?(): void;
    /** The earlier conversation has expired on the server. */
    expired?(): void;
    /** The server has erased the patient's data. */
    erased?(): void;
}

// The server reports the end of a turn; this guards against a lost event.
const LONGEST_TURN_MS = 90_000;

/** A conversation with one server, shared by all elements of a page that talk to it. */
export class Conversation {
    entries: Entry[] = [];
    starters: Choice[] = [];
    state: State = "new";
    working = false;
    /** The server's reason for rejecting this browser, in a sentence for the patient. */
    refusal = "";
    /** State of this tab: whether the panel is open, and the draft. */
    readonly tab: Store;
    private readonly store: Store;
    private readonly outbox: Outbox;
    private readonly connection: Connection;
    private readonly listeners = new Set<ConversationListener>();
    private turnGuard = 0;
    private sending = false;
    /** Counts the attempts to join; the result of an earlier one is dropped. */
    private joining = 0;
    /** The conversation that `entries` belong to. */
    private current: string | null = null;
    /** Entries received before the first answer to joining: they can only belong to the conversation being joined. */
    private early: Entry[] | undefined = [];

    constructor(server: URL, storage: "session" | "local") {
        const prefix = `trialguide ${server.host}${server.pathname} `;
        this.tab = new Store("session", prefix);
        this.store = storage === "session" ? this.tab : new Store("local", prefix);
        this.outbox = new Outbox(this.tab, () => this.notify((listener) => listener.unsent?.()));
        this.connection = new Connection(server, {
            up: () => void this.join(),
            down: () => this.down(),
            entry: (entry) => this.receive([entry]),
            working: (on) => this.setWorking(on),
        });
        // Another tab of this person has restarted, or was the first to begin.
        this.store.watch("conversation", (id) => {
            if (id && this.state !== "new") void this.join();
        });
    }

    addListener(listener: ConversationListener): void {
        this.listeners.add(listener);
    }

    removeListener(listener: ConversationListener): void {
        this.listeners.delete(listener);
    }

    get unsent(): Unsent[] {
        return this.outbox.messages;
    }

    /** Whether the conversation outlasts the page. */
    get lasts(): boolean {
        return this.store.lasts;
    }

    /** Connects on the first call. */
    start(): void {
        if (this.state !== "new") return;
        this.setState("connecting");
        this.connection.open();
    }

    send(text: string): void {
        this.queue({ text }, text);
    }

    /** Sends a choice; a rating can carry a comment. */
    choose(choice: Choice, comment = ""): void {
        const shown = choice.shown ?? choice.title;
        this.queue({ token: choice.token, text: comment || undefined }, comment ? `${shown}\n${comment}` : shown);
    }

    /** The choice made last among these for a topic, pressed or typed, as far as the history reaches back. */
    chosen(choices: Choice[], topic: string | undefined): Choice | undefined {
        const byText = (text: string) => choices.find((choice) => choice.shown === text.split("\n")[0]);
        const confirmed = this.entries.map(({ from, text, kept }) => {
            if (from === "patient") return byText(text);
            if (!kept || (kept.topic && kept.topic !== topic)) return undefined;
            return choices.find((choice) => choice.stars === kept.stars && choice.followed === kept.followed);
        });
        const pending = this.unsent.filter((message) => message.refused === undefined).map((message) => byText(message.shown));
        return [...confirmed, ...pending].filter(Boolean).pop();
    }

    /** Sends a rejected message again. */
    retry(id: string): void {
        if (this.outbox.retry(id)) void this.flush();
    }

    /** Begins a new conversation; without a connection, as soon as there is one. */
    async restart(): Promise<void> {
        const previous = this.id;
        const joining = ++this.joining;
        this.id = null;
        this.outbox.clear();
        this.setWorking(false);
        this.show(null, [], []);
        if (this.state !== "online") return;
        try {
            const welcome = await this.connection.restart(previous);
            if (joining === this.joining) this.joined(welcome, null);
        } catch {
            this.connection.renew();
        }
    }

    /** All that the server keeps of this person; null without a connection. */
    async copy(): Promise<DataCopy | Refusal | null> {
        if (this.state !== "online") return null;
        try {
            return await this.connection.copy(this.current);
        } catch {
            return null;
        }
    }

    private async join(): Promise<void> {
        const joining = ++this.joining;
        const requested = this.id;
        const last = requested !== null && requested === this.current ? this.entries[this.entries.length - 1] : undefined;
        // Until the answer is here, entries may still arrive for the conversation that is being left.
        if (requested !== this.current) this.current = null;
        try {
            const welcome = await this.connection.hello(requested, last?.id ?? null);
            if (joining === this.joining) this.joined(welcome, requested);
        } catch {
            if (joining === this.joining) this.connection.renew();
        }
    }

    private joined(welcome: Welcome | Refusal, requested: string | null): void {
        if (!welcome.accepted) {
            this.refusal = welcome.text;
            this.connection.renew();
            return;
        }
        this.refusal = "";
        this.id = welcome.conversation;
        if (welcome.conversation === this.current) this.receive(welcome.entries);
        else this.show(welcome.conversation, welcome.entries, welcome.starters ?? []);
        this.receive(this.early ?? []);
        this.early = undefined;
        if (requested !== null && welcome.conversation !== requested) this.notify((listener) => listener.expired?.());
        this.setState("online");
        this.setWorking(welcome.working === true);
        void this.flush();
    }

    private show(conversation: string | null, entries: Entry[], starters: Choice[]): void {
        this.current = conversation;
        this.entries = entries;
        this.starters = starters;
        this.outbox.settle(entries);
        this.notify((listener) => listener.history?.());
    }

    private receive(entries: Entry[]): void {
        if (this.current === null) {
            this.early?.push(...entries);
            return;
        }
        for (const entry of entries) {
            if (this.entries.some((known) => known.id === entry.id)) continue;
            if (entry.kind === "erased") this.erase();
            const last = this.entries[this.entries.length - 1];
            this.outbox.settle([entry]);
            this.entries.push(entry);
            if (!last || sequence(last) < sequence(entry)) {
                this.notify((listener) => listener.entry?.(entry));
            } else {
                this.entries.sort((one, other) => sequence(one) - sequence(other));
                this.notify((listener) => listener.history?.());
            }
        }
    }

    /** Erases entries and draft; pending messages are still sent. */
    private erase(): void {
        this.outbox.keepPending();
        this.tab.set("draft", null);
        this.show(this.current, [], []);
        this.notify((listener) => listener.erased?.());
    }

    private queue(message: { text?: string | undefined; token?: string }, shown: string): void {
        this.start();
        this.outbox.add(message, shown);
        void this.flush();
    }

    /** Sends in order: one message at a time, the next after the acknowledgement of the last. */
    private async flush(): Promise<void> {
        if (this.sending) return;
        this.sending = true;
        try {
            while (this.state === "online" && this.current !== null) {
                const { next } = this.outbox;
                if (!next) break;
                await this.sendOne(next);
            }
        } catch {
            // It stays queued and is sent again after rejoining.
            if (this.state === "online") this.connection.renew();
        } finally {
            this.sending = false;
        }
    }

    private async sendOne(message: Unsent): Promise<void> {
        const conversation = this.current;
        const { id, text, token } = message;
        const verdict = await this.connection.say(conversation, { id, text, token });
        if (conversation !== this.current) return;
        if (verdict.accepted) message.acknowledged = true;
        else message.refused = verdict.text;
        this.outbox.save();
        if (verdict.accepted && verdict.entries) this.receive(verdict.entries);
    }

    private down(): void {
        this.joining++;
        this.setWorking(false);
        if (this.state !== "new") this.setState("offline");
    }

    private setState(state: State): void {
        if (state === this.state) return;
        this.state = state;
        this.notify((listener) => listener.state?.());
    }

    private setWorking(on: boolean): void {
        clearTimeout(this.turnGuard);
        if (on) this.turnGuard = setTimeout(() => this.setWorking(false), LONGEST_TURN_MS);
        if (on === this.working) return;
        this.working = on;
        this.notify((listener) => listener.working?.());
    }

    private notify(call: (listener: ConversationListener) => void): void {
        for (const listener of this.listeners) call(listener);
    }

    private get id(): string | null {
        return this.store.get("conversation");
    }

    private set id(id: string | null) {
        this.store.set("conversation", id);
    }
}

const conversations = new Map<string, Conversation>();

/** Returns the page's one conversation with a server, created on first use. */
export function conversationWith(server: URL, storage: "session" | "local"): Conversation {
    const key = `${storage} ${server.href}`;
    const known = conversations.get(key) ?? new Conversation(server, storage);
    conversations.set(key, known);
    return known;
}
