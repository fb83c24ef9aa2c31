/** Entry of a conversation, as the server sends it: the answer model of all channels. */
export interface Entry {
    id: string;
    from: "patient" | "assistant";
    time: string;
    kind:
        | "text"
        | "answer"
        | "offer"
        | "clinic"
        | "group"
        | "registry"
        | "urgent"
        | "safety"
        | "trouble"
        | "notice"
        | "erased"
        | "my_data";
    text: string;
    topic?: { id: string; title: string };
    /** The words of the text that can be explained. */
    terms?: Term[];
    sources?: Source[];
    /** The sentence on what stands behind the text. */
    status?: string;
    picture?: { link: string; alternative: string };
    card?: Card;
    choices?: Choice[];
    /** Feedback choices of an answer, where the server offers them: ratings by stars, following the topic, unfollowing it. */
    feedback?: Choice[];
    /** Stored feedback: stars, or whether a topic (without one: every topic) is followed. */
    kept?: { topic?: string; stars?: number; followed?: boolean };
    /** Id of the message that this browser sent. */
    said?: string;
}

export interface Term {
    /** As it stands in the text. */
    name: string;
    meaning: string;
}

export interface Source {
    organisation: string;
    link?: string;
}

export interface Choice {
    title: string;
    /** Opaque; mapped back by the server. */
    token: string;
    /** Displayed as the patient's message, where that is not the title. */
    shown?: string;
    stars?: number;
    /** True to follow a topic, false to unfollow it. */
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
