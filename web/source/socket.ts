const CONNECT_WITHIN_MS = 3000;
const ACKNOWLEDGE_WITHIN_MS = 15_000;
const SHORTEST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 10_000;

/** Callbacks of a socket. */
export interface SocketListener {
    connected(): void;
    /** The connection was lost; the socket reconnects. */
    disconnected(): void;
    /** An attempt to connect has failed; the socket tries again. */
    failed(): void;
    event(name: string, payload: unknown): void;
}

/**
 * Client of the Socket.IO protocol 5 over Engine.IO 4, as far as the widget needs it: a web socket, the main namespace, JSON,
 * acknowledgements of its own events, and reconnection with exponential back-off.
 *
 * In place of socket.io-client: that would add 13 kB gzipped to the 18 of the whole widget, and on pages with an old prototype.js
 * it sends packets that the server cannot read, as it serialises arrays.
 */
export class Socket {
    private readonly address: string;
    private readonly listener: SocketListener;
    private readonly pending = new Map<number, { resolve(answer: unknown): void; reject(reason: Error): void }>();
    private socket: WebSocket | null = null;
    private isConnected = false;
    private timer = 0;
    private silenceMs = CONNECT_WITHIN_MS;
    private attempts = 0;
    private lastId = 0;

    /** `folder` is the address of the endpoint, such as `https://bot.example.org/chat/socket.io/`. */
    constructor(folder: URL, listener: SocketListener) {
        this.address = `${folder.href.replace(/^http/, "ws")}?EIO=4&transport=websocket`;
        this.listener = listener;
    }

    /** Connects anew, after a delay in milliseconds; whatever connection there is ends. */
    connect(delay = 0): void {
        this.drop();
        this.timer = setTimeout(() => this.open(), delay);
    }

    /** Sends an event and returns the server's acknowledgement. */
    call(name: string, payload: object): Promise<unknown> {
        return new Promise((resolve, reject) => {
            const id = ++this.lastId;
            this.pending.set(id, { resolve, reject });
            setTimeout(() => this.settle(id)?.reject(new Error("No acknowledgement")), ACKNOWLEDGE_WITHIN_MS);
            // No array is serialised: old versions of prototype.js give arrays a toJSON that quotes them twice.
            this.socket?.send(`42${id}[${JSON.stringify(name)},${JSON.stringify(payload)}]`);
        });
    }

    private open(): void {
        this.silenceMs = CONNECT_WITHIN_MS;
        try {
            const socket = new WebSocket(this.address);
            this.socket = socket;
            socket.onmessage = ({ data }) => socket === this.socket && this.receive(String(data));
            socket.onclose = () => socket === this.socket && this.closed();
            this.expectPacket();
        } catch {
            // The page's policy forbids web sockets.
            this.closed();
        }
    }

    /** Reads a packet: its Engine.IO type, then for messages the Socket.IO type and the id of an acknowledgement. */
    private receive(packet: string): void {
        this.expectPacket();
        const [, kind, id, body] = /^(4?\d)(\d*)(.*)$/s.exec(packet) ?? [];
        const content = body ? JSON.parse(body) : null;
        if (kind === "0") {
            this.silenceMs = content.pingInterval + content.pingTimeout;
            this.socket?.send("40");
        } else if (kind === "2") {
            this.socket?.send("3");
        } else if (kind === "40") {
            this.attempts = 0;
            this.isConnected = true;
            this.listener.connected();
        } else if (kind === "41" || kind === "44") {
            this.closed();
        } else if (kind === "42") {
            this.listener.event(content[0], content[1]);
        } else if (kind === "43") {
            this.settle(Number(id))?.resolve(content[0]);
        }
    }

    /** The server pings regularly; a connection that stays silent is dead. */
    private expectPacket(): void {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.closed(), this.silenceMs);
    }

    private closed(): void {
        const wasConnected = this.isConnected;
        // Jitter keeps a thousand browsers from reconnecting at the same moment.
        const backoff = Math.min(SHORTEST_BACKOFF_MS * 2 ** this.attempts++, LONGEST_BACKOFF_MS);
        this.connect(backoff * (0.5 + Math.random()));
        if (wasConnected) this.listener.disconnected();
        else this.listener.failed();
    }

    private drop(): void {
        clearTimeout(this.timer);
        const { socket } = this;
        this.socket = null;
        this.isConnected = false;
        socket?.close();
        for (const id of [...this.pending.keys()]) this.settle(id)?.reject(new Error("Disconnected"));
    }

    private settle(id: number) {
        const call = this.pending.get(id);
        this.pending.delete(id);
        return call;
    }
}
