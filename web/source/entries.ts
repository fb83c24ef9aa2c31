/** One line of a conversation, as the server sends it: the answer model that all channels share. */
export interface Entry {
    id: string;
    from: "patient" | "assistant";
    time: string;
    kind: "text" | "answer" | "offer" | "clinic" | "group" | "registry" | "urgent" | "trouble" | "notice" | "erased";
    text: string;
    topic?: { id: string; title: string };
    sources?: Source[];
    reviewed?: string;
    picture?: { link: string; alternative: string };
    card?: Card;
    choices?: Choice[];
    /** What can be done with an answer, only where the server offers it: ratings by their stars, following its topic, and ending that. */
    feedback?: Choice[];
    /** What was kept of the patient's feedback: stars, or whether a topic (without one: all of them) is followed. */
    kept?: { topic?: string; stars?: number; followed?: boolean };
    /** The id under which this patient's browser sent it. */
    said?: string;
}

export interface Source {
    organisation: string;
    link?: string;
}

export interface Choice {
    title: string;
    /** Opaque; the server maps it back to what the choice stands for. */
    token: string;
    /** What the patient is shown to have said by it, where that is not its title. */
    shown?: string;
    stars?: number;
    /** Whether it follows a topic or ends that. */
    followed?: boolean;
}

export interface Card {
    name: string;
    department?: string;
    address?: string;
    distance_km?: number;
    phone?: string;
    phone_is_switchboard?: boolean;
    website?: string;
    map?: string;
    accreditation?: string;
    languages?: string;
    offers?: string;
    email?: string;
    link?: string;
    coverage?: string;
    source?: string;
    checked_on?: string;
    warning?: string;
}

/** The sequence number of an entry in its conversation: 17 for `e-17`. */
export function sequence(entry: Entry): number {
    return Number(entry.id.replace(/^\D*/, ""));
}
