import { reportUnreachable } from "./diagnostics";
import type { Choice, Entry } from "./entries";
import { Socket } from "./socket";

/** The server's answer when a conversation is joined or begun. */
export interface Welcome {
    accepted: true;
    conversation: string;
    entries: Entry[];
    starters?: Choice[];
    /** A turn of this conversation is running. */
    working?: boolean;
}

export interface Refusal {
    accepted: false;
    reason: string;
    /** The reason in a sentence for the patient. */
    text: string;
}

export interface Message {
    id: string;
    text?: string | undefined;
    token?: string | undefined;
}

/** All that the server keeps of this person, as an object and as text. */
export interface DataCopy {
    accepted: true;
    copy: object;
    text: string;
}

export type Verdict = { accepted: true; entries?: Entry[] } | Refusal;

export interface Listener {
    /** Connected or reconnected: the conversation must be joined. */
    up(): void;
    down(): void;
    entry(entry: Entry): void;
    working(on: boolean): void;
}

// Over HTTP the acknowledgement comes with the answers, so it may take as long as a turn.
const ANSWERED_WITHIN_MS = 90_000;
const PAUSE_MS = 3000;

/** Transport to the server: a web socket, or plain requests where sockets are blocked. Reconnects for ever. */
export class Connection {
    private readonly base: URL;
    private readonly listener: Listener;
    private readonly socket: Socket;
    private transport: "none" | "socket" | "requests" = "none";

    constructor(base: URL, listener: Listener) {
        this.base = base;
        this.listener = listener;
        this.socket = new Socket(new URL("socket.io/", base), {
            connected: () => this.connected("socket"),
            disconnected: () => this.disconnected(),
            // Sockets are refused, plain requests perhaps not: joining the conversation will tell.
            failed: () => {
                if (this.transport === "none") this.connected("requests");
            },
            event: (name, payload) => {
                if (name === "entry") listener.entry(payload as Entry);
                if (name === "working") listener.working((payload as { on: boolean }).on);
            },
        });
    }

    open(): void {
        this.socket.connect();
        addEventListener("online", () => this.reconnectNow());
        addEventListener("offline", () => this.disconnected());
        document.addEventListener("visibilitychange", () => {
            if (document.visibilityState === "visible") this.reconnectNow();
        });
    }

    hello(conversation: string | null, after: string | null): Promise<Welcome | Refusal> {
        return this.call("hello", { conversation, after });
    }

    restart(conversation: string | null): Promise<Welcome | Refusal> {
        return this.call("again", { conversation });
    }

    async say(conversation: string | null, message: Message): Promise<Verdict> {
        if (this.transport !== "requests") return this.call("say", message);
        this.listener.working(true);
        try {
            return await this.call("say", { conversation, ...message });
        } finally {
            this.listener.working(false);
        }
    }

    copy(conversation: string | null): Promise<DataCopy | Refusal> {
        return this.call("copy", { conversation });
    }

    /** Replaces a connection that no longer answers. */
    renew(): void {
        const broken = this.transport === "socket";
        this.disconnected();
        if (broken) this.socket.connect(PAUSE_MS);
    }

    private async call<Answer>(method: string, body: object): Promise<Answer> {
        if (this.transport === "socket") return this.socket.call(method, body) as Promise<Answer>;
        try {
            return await this.request(method, body);
        } catch (problem) {
            reportUnreachable(this.base);
            this.disconnected();
            throw problem;
        }
    }

    private async request<Answer>(method: string, body: object): Promise<Answer> {
        const stop = new AbortController();
        const timer = setTimeout(() => stop.abort(), ANSWERED_WITHIN_MS);
        try {
            const response = await fetch(new URL(`api/${method}`, this.base), {
                method: "POST",
                headers: { "Content-Type": "application/json" },
                body: JSON.stringify(body),
                credentials: "omit",
                referrerPolicy: "no-referrer",
                signal: stop.signal,
            });
            // A refusal has a body of its own, which says why.
            if (response.status >= 500) throw new Error(String(response.status));
            return await response.json();
        } finally {
            clearTimeout(timer);
        }
    }

    /** Reconnects without waiting for the back-off to end. */
    private reconnectNow(): void {
        if (this.transport !== "socket") this.socket.connect();
    }

    private connected(transport: "socket" | "requests"): void {
        this.transport = transport;
        this.listener.up();
    }

    private disconnected(): void {
        this.transport = "none";
        this.listener.down();
    }
}
