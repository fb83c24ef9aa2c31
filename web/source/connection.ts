import { Manager, type Socket } from "socket.io-client";
import type { Choice, Entry } from "./entries";

/** What the server answers when a conversation is joined or begun. */
export interface Welcome {
    accepted: true;
    conversation: string;
    entries: Entry[];
    starters?: Choice[];
    /** A turn of this conversation is running just now. */
    working?: boolean;
}

export interface Refusal {
    accepted: false;
    reason: string;
    /** Why, in a sentence for the patient. */
    text: string;
}

export interface Message {
    id: string;
    text?: string | undefined;
    token?: string | undefined;
}

export type Verdict = { accepted: true; entries?: Entry[] } | Refusal;

export interface Listener {
    /** The server can be reached, again or for the first time: the conversation must be joined. */
    up(): void;
    down(): void;
    entry(entry: Entry): void;
    working(on: boolean): void;
}

const ACKNOWLEDGED_WITHIN_MS = 15_000;
// Over HTTP the acknowledgement comes with the answers, so it may take as long as a turn.
const ANSWERED_WITHIN_MS = 90_000;
const PAUSE_MS = 3000;

/**
 * Speaks with the server: over a web socket, and with plain requests where that is blocked.
 * It keeps trying; `up` and `down` tell how that goes.
 */
export class Connection {
    private readonly base: URL;
    private readonly listener: Listener;
    private readonly socket: Socket;
    private way: "none" | "socket" | "requests" = "none";

    constructor(base: URL, listener: Listener) {
        this.base = base;
        this.listener = listener;
        const manager = new Manager(base.origin, {
            path: `${base.pathname}socket.io`,
            autoConnect: false,
            transports: ["websocket"],
            withCredentials: false,
            // A blocked socket may not fail but hang; until it stands, plain requests carry the conversation.
            timeout: 3000,
            reconnectionDelay: 500,
            // The random part keeps a thousand browsers from coming back at the same moment.
            reconnectionDelayMax: 10_000,
            randomizationFactor: 0.5,
        });
        this.socket = manager.socket("/");
        this.socket.on("connect", () => this.reached("socket"));
        this.socket.on("disconnect", (reason) => {
            this.lost();
            // The library does not come back by itself after the server has closed the connection.
            if (reason === "io server disconnect") setTimeout(() => this.socket.connect(), PAUSE_MS);
        });
        // Sockets are refused: perhaps plain requests are not. Joining the conversation will tell.
        this.socket.on("connect_error", () => {
            if (this.way === "none") this.reached("requests");
        });
        this.socket.on("entry", (entry: Entry) => listener.entry(entry));
        this.socket.on("working", (working: { on: boolean }) => listener.working(working.on));
    }

    open(): void {
        this.socket.connect();
        addEventListener("online", () => this.hurry());
        addEventListener("offline", () => this.lost());
        document.addEventListener("visibilitychange", () => {
            if (document.visibilityState === "visible") this.hurry();
        });
    }

    hello(conversation: string | null, after: string | null): Promise<Welcome | Refusal> {
        return this.ask("hello", { conversation, after });
    }

    restart(conversation: string | null): Promise<Welcome | Refusal> {
        return this.ask("again", { conversation });
    }

    async say(conversation: string | null, message: Message): Promise<Verdict> {
        if (this.way !== "requests") return this.ask("say", message);
        this.listener.working(true);
        try {
            return await this.ask("say", { conversation, ...message });
        } finally {
            this.listener.working(false);
        }
    }

    /** Drops a connection that no longer answers, so that a new one is made. */
    renew(): void {
        const broken = this.way === "socket";
        this.lost();
        if (!broken) return;
        this.socket.disconnect();
        setTimeout(() => this.socket.connect(), PAUSE_MS);
    }

    private async ask<Answer>(what: string, body: object): Promise<Answer> {
        if (this.way === "socket") return this.socket.timeout(ACKNOWLEDGED_WITHIN_MS).emitWithAck(what, body);
        try {
            return await this.request(what, body);
        } catch (problem) {
            this.lost();
            throw problem;
        }
    }

    private async request<Answer>(what: string, body: object): Promise<Answer> {
        const stop = new AbortController();
        const timer = setTimeout(() => stop.abort(), ANSWERED_WITHIN_MS);
        try {
            const response = await fetch(new URL(`api/${what}`, this.base), {
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

    /** Tries now instead of at the end of the pause between two tries. */
    private hurry(): void {
        if (this.way !== "socket") this.socket.disconnect().connect();
    }

    private reached(way: "socket" | "requests"): void {
        this.way = way;
        this.listener.up();
    }

    private lost(): void {
        this.way = "none";
        this.listener.down();
    }
}
