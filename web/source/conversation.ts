import { Connection, type Message, type Refusal, type Welcome } from "./connection";
import { type Choice, type Entry, place } from "./entries";
import { Store } from "./storage";

/** Something this patient has said that the server has not confirmed yet. */
export interface Unsent extends Message {
    /** What the patient sees: the text, or the title of the choice. */
    shown: string;
    time: string;
    /** The server has it; it leaves the list when it comes back as an entry. */
    acknowledged?: true;
    /** Why the server refused it, in a sentence for the patient. */
    refused?: string;
}

export type State = "new" | "connecting" | "online" | "offline";

/** What those who show a conversation are told. */
export interface Watcher {
    /** Everything has changed: show it anew. */
    history?(): void;
    entry?(entry: Entry): void;
    unsent?(): void;
    state?(): void;
    working?(): void;
    /** The earlier conversation has expired on the server. */
    expired?(): void;
    /** The server has erased what it knew of the patient. */
    erased?(): void;
}

// The server says when a turn has ended; this only guards against a lost word.
const LONGEST_TURN_MS = 90_000;

/** One conversation with one server, shared by all elements of a page that speak with it. */
export class Conversation {
    entries: Entry[] = [];
    unsent: Unsent[] = [];
    starters: Choice[] = [];
    state: State = "new";
    working = false;
    /** Why the server would not let this browser in, in a sentence for the patient. */
    refusal = "";
    /** Kept for this tab: whether the panel is open, and what has been typed. */
    readonly tab: Store;
    private readonly store: Store;
    private readonly connection: Connection;
    private readonly watchers = new Set<Watcher>();
    private turnGuard = 0;
    private sending = false;
    /** Counts the tries to join; what an earlier one brings is dropped. */
    private joining = 0;
    /** The conversation that `entries` belong to. */
    private shown: string | null = null;
    /** What arrived before the first answer to joining: it can only belong to the conversation that is joined. */
    private early: Entry[] | undefined = [];

    constructor(server: URL, storage: "session" | "local") {
        const prefix = `trialguide ${server.host}${server.pathname} `;
        this.tab = new Store("session", prefix);
        this.store = storage === "session" ? this.tab : new Store("local", prefix);
        this.unsent = readUnsent(this.tab.get("unsent"));
        this.connection = new Connection(server, {
            up: () => void this.join(),
            down: () => this.down(),
            entry: (entry) => this.take([entry]),
            working: (on) => this.setWorking(on),
        });
        // Another tab of this person has started again, or was the first to begin.
        this.store.watch("conversation", (id) => {
            if (id && this.state !== "new") void this.join();
        });
    }

    watch(watcher: Watcher): void {
        this.watchers.add(watcher);
    }

    unwatch(watcher: Watcher): void {
        this.watchers.delete(watcher);
    }

    /** Whether there is something to come back to from an earlier page. */
    get begun(): boolean {
        return this.id !== null;
    }

    get lasts(): boolean {
        return this.store.lasts;
    }

    /** Connects, unless that has been done. */
    start(): void {
        if (this.state !== "new") return;
        this.setState("connecting");
        this.connection.open();
    }

    send(text: string): void {
        this.queue({ text }, text);
    }

    /** Says what a choice stands for; a rating can carry a comment. */
    choose(choice: Choice, comment = ""): void {
        const shown = choice.shown ?? choice.title;
        this.queue({ token: choice.token, text: comment || undefined }, comment ? `${shown}\n${comment}` : shown);
    }

    /** Which of these choices for a topic was made last, by a press or in words, as far as the conversation reaches back. */
    chosen(choices: Choice[], topic: string | undefined): Choice | undefined {
        const shown = (text: string) => choices.find((choice) => choice.shown === text.split("\n")[0]);
        const said = this.entries.map(({ from, text, kept }) => {
            if (from === "patient") return shown(text);
            if (!kept || (kept.topic && kept.topic !== topic)) return undefined;
            return choices.find((choice) => choice.stars === kept.stars && choice.followed === kept.followed);
        });
        const saying = this.unsent.filter((message) => message.refused === undefined).map((message) => shown(message.shown));
        return [...said, ...saying].filter(Boolean).pop();
    }

    /** Sends once more what the server has refused. */
    retry(id: string): void {
        const message = this.unsent.find((unsent) => unsent.id === id);
        if (!message) return;
        delete message.refused;
        this.unsentChanged();
        void this.flush();
    }

    /** Leaves this conversation and begins a new one; without a connection, as soon as there is one. */
    async again(): Promise<void> {
        const left = this.id;
        const joining = ++this.joining;
        this.id = null;
        this.unsent = [];
        this.unsentChanged();
        this.setWorking(false);
        this.show(null, [], []);
        if (this.state !== "online") return;
        try {
            const welcome = await this.connection.again(left);
            if (joining === this.joining) this.joined(welcome, null);
        } catch {
            this.connection.renew();
        }
    }

    private async join(): Promise<void> {
        const joining = ++this.joining;
        const asked = this.id;
        const last = asked !== null && asked === this.shown ? this.entries[this.entries.length - 1] : undefined;
        // Until the answer is here, what arrives may belong to the conversation that is being left.
        if (asked !== this.shown) this.shown = null;
        try {
            const welcome = await this.connection.hello(asked, last?.id ?? null);
            if (joining === this.joining) this.joined(welcome, asked);
        } catch {
            if (joining === this.joining) this.connection.renew();
        }
    }

    private joined(welcome: Welcome | Refusal, asked: string | null): void {
        if (!welcome.accepted) {
            this.refusal = welcome.text;
            this.connection.renew();
            return;
        }
        this.refusal = "";
        this.id = welcome.conversation;
        if (welcome.conversation === this.shown) this.take(welcome.entries);
        else this.show(welcome.conversation, welcome.entries, welcome.starters ?? []);
        this.take(this.early ?? []);
        this.early = undefined;
        if (asked !== null && welcome.conversation !== asked) this.tell((watcher) => watcher.expired?.());
        this.setState("online");
        this.setWorking(welcome.working === true);
        void this.flush();
    }

    private show(conversation: string | null, entries: Entry[], starters: Choice[]): void {
        this.shown = conversation;
        this.entries = entries;
        this.starters = starters;
        this.settle(entries);
        this.tell((watcher) => watcher.history?.());
    }

    private take(entries: Entry[]): void {
        if (this.shown === null) {
            this.early?.push(...entries);
            return;
        }
        for (const entry of entries) {
            if (this.entries.some((known) => known.id === entry.id)) continue;
            if (entry.kind === "erased") this.forget();
            const last = this.entries[this.entries.length - 1];
            this.settle([entry]);
            this.entries.push(entry);
            if (!last || place(last) < place(entry)) {
                this.tell((watcher) => watcher.entry?.(entry));
            } else {
                this.entries.sort((one, other) => place(one) - place(other));
                this.tell((watcher) => watcher.history?.());
            }
        }
    }

    /** Keeps nothing of what was said and typed but what is still to be sent. */
    private forget(): void {
        this.unsent = this.unsent.filter(isWaiting);
        this.unsentChanged();
        this.tab.set("draft", null);
        this.show(this.shown, [], []);
        this.tell((watcher) => watcher.erased?.());
    }

    /** What has come back as an entry is no longer unsent. */
    private settle(entries: Entry[]): void {
        const said = new Set(entries.map((entry) => entry.said));
        if (!this.unsent.some((message) => said.has(message.id))) return;
        this.unsent = this.unsent.filter((message) => !said.has(message.id));
        this.unsentChanged();
    }

    private queue(message: Omit<Message, "id">, shown: string): void {
        this.start();
        this.unsent.push({ ...message, id: uniqueId(), shown, time: new Date().toISOString() });
        this.unsentChanged();
        void this.flush();
    }

    /** Sends in order: the next one goes when the last one is acknowledged. */
    private async flush(): Promise<void> {
        if (this.sending) return;
        this.sending = true;
        try {
            for (let next = this.next(); next; next = this.next()) await this.sendOne(next);
        } catch {
            // It stays in the queue, and goes again when the conversation has been joined anew.
            if (this.state === "online") this.connection.renew();
        } finally {
            this.sending = false;
        }
    }

    private next(): Unsent | undefined {
        if (this.state !== "online" || this.shown === null) return undefined;
        return this.unsent.find(isWaiting);
    }

    private async sendOne(message: Unsent): Promise<void> {
        const conversation = this.shown;
        const { id, text, token } = message;
        const verdict = await this.connection.say(conversation, { id, text, token });
        if (conversation !== this.shown) return;
        if (verdict.accepted) message.acknowledged = true;
        else message.refused = verdict.text;
        this.unsentChanged();
        if (verdict.accepted && verdict.entries) this.take(verdict.entries);
    }

    private down(): void {
        this.joining++;
        this.setWorking(false);
        if (this.state !== "new") this.setState("offline");
    }

    private setState(state: State): void {
        if (state === this.state) return;
        this.state = state;
        this.tell((watcher) => watcher.state?.());
    }

    private setWorking(on: boolean): void {
        clearTimeout(this.turnGuard);
        if (on) this.turnGuard = setTimeout(() => this.setWorking(false), LONGEST_TURN_MS);
        if (on === this.working) return;
        this.working = on;
        this.tell((watcher) => watcher.working?.());
    }

    private unsentChanged(): void {
        const kept = this.unsent.filter((message) => !message.acknowledged);
        this.tab.set("unsent", kept.length ? JSON.stringify(kept) : null);
        this.tell((watcher) => watcher.unsent?.());
    }

    private tell(what: (watcher: Watcher) => void): void {
        for (const watcher of this.watchers) what(watcher);
    }

    private get id(): string | null {
        return this.store.get("conversation");
    }

    private set id(id: string | null) {
        this.store.set("conversation", id);
    }
}

const conversations = new Map<string, Conversation>();

/** The conversation that this page has with a server; the same one for all that ask. */
export function conversationWith(server: URL, storage: "session" | "local"): Conversation {
    const key = `${storage} ${server.href}`;
    const known = conversations.get(key) ?? new Conversation(server, storage);
    conversations.set(key, known);
    return known;
}

/** Whether the server has neither taken nor refused it. */
function isWaiting(message: Unsent): boolean {
    return message.refused === undefined && !message.acknowledged;
}

function readUnsent(kept: string | null): Unsent[] {
    try {
        const unsent: unknown = JSON.parse(kept ?? "[]");
        return Array.isArray(unsent) ? unsent : [];
    } catch {
        return [];
    }
}

/** `crypto.randomUUID` exists only on pages that came over HTTPS. */
function uniqueId(): string {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
