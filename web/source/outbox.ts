import type { Message } from "./connection";
import type { Entry } from "./entries";
import type { Store } from "./storage";

/** A message of the patient that the server has not confirmed yet. */
export interface Unsent extends Message {
    /** Displayed text: the message, or the title of the choice. */
    shown: string;
    time: string;
    /** Accepted by the server; removed once it comes back as an entry. */
    acknowledged?: true;
    /** The server's reason for rejecting it, in a sentence for the patient. */
    refused?: string;
}

/** Queue of unsent messages, stored for the tab so that a reload loses none. */
export class Outbox {
    messages: Unsent[];
    private readonly store: Store;
    private readonly changed: () => void;

    constructor(store: Store, changed: () => void) {
        this.store = store;
        this.changed = changed;
        this.messages = parse(store.get("unsent"));
    }

    /** The first message that is neither accepted nor rejected. */
    get next(): Unsent | undefined {
        return this.messages.find(isPending);
    }

    add(message: Omit<Message, "id">, shown: string): void {
        this.messages.push({ ...message, id: uniqueId(), shown, time: new Date().toISOString() });
        this.save();
    }

    /** Queues a rejected message again; false if there is none with this id. */
    retry(id: string): boolean {
        const message = this.messages.find((unsent) => unsent.id === id);
        if (!message) return false;
        delete message.refused;
        this.save();
        return true;
    }

    /** Removes the messages that came back as entries. */
    settle(entries: Entry[]): void {
        const confirmed = new Set(entries.map((entry) => entry.said));
        if (this.messages.some((message) => confirmed.has(message.id)))
            this.replace(this.messages.filter((message) => !confirmed.has(message.id)));
    }

    clear(): void {
        this.replace([]);
    }

    /** Drops everything but pending messages. */
    keepPending(): void {
        this.replace(this.messages.filter(isPending));
    }

    save(): void {
        const stored = this.messages.filter((message) => !message.acknowledged);
        // Not as an array: see socket.ts.
        this.store.set("unsent", stored.length ? `[${stored.map((message) => JSON.stringify(message)).join()}]` : null);
        this.changed();
    }

    private replace(messages: Unsent[]): void {
        this.messages = messages;
        this.save();
    }
}

function isPending(message: Unsent): boolean {
    return message.refused === undefined && !message.acknowledged;
}

function parse(stored: string | null): Unsent[] {
    try {
        const unsent: unknown = JSON.parse(stored ?? "[]");
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
