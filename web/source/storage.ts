/** Web storage that never throws; without permission or room, values last as long as the page. */
export class Store {
    private readonly area: Storage | null;
    private readonly prefix: string;
    private readonly otherwise = new Map<string, string>();

    constructor(kind: "session" | "local", prefix: string) {
        this.prefix = prefix;
        this.area = reachable(kind);
    }

    /** Whether values outlast the page. */
    get lasts(): boolean {
        return this.area !== null;
    }

    get(name: string): string | null {
        return this.area ? this.area.getItem(this.prefix + name) : (this.otherwise.get(name) ?? null);
    }

    set(name: string, value: string | null): void {
        try {
            if (value === null) this.area?.removeItem(this.prefix + name);
            else this.area?.setItem(this.prefix + name, value);
        } catch {
            // The storage is full: the map below holds the value.
        }
        if (value === null) this.otherwise.delete(name);
        else this.otherwise.set(name, value);
    }

    /** Calls back when another tab changes the value. */
    watch(name: string, changed: (value: string | null) => void): void {
        addEventListener("storage", (event) => {
            if (event.storageArea === this.area && event.key === this.prefix + name) changed(event.newValue);
        });
    }
}

function reachable(kind: "session" | "local"): Storage | null {
    try {
        const area = kind === "local" ? localStorage : sessionStorage;
        area.setItem("trialguide", "");
        area.removeItem("trialguide");
        return area;
    } catch {
        return null;
    }
}
