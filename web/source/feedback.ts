import type { Choice, Entry } from "./entries";
import { button, icon, iconButton, make, named } from "./nodes";
import type { RenderContext } from "./render_context";

const LONGEST_COMMENT = 300;
/** Event at the feedback nodes: the server has stored feedback, perhaps typed in words. */
export const KEPT = "kept";

/** Renders the feedback row of an answer: stars with an optional comment, and following its topic. */
export function feedbackNode(entry: Entry, offered: Choice[], context: RenderContext): HTMLElement {
    const ratings = offered.filter((choice) => choice.stars);
    const [follow, unfollow] = offered.filter((choice) => !choice.stars);
    const node = named(make("div", "feedback"), context.words.say("feedback"), "group");
    const parts = ratings.length ? rating(entry, ratings, context, node) : [];
    if (follow) parts.splice(1, 0, following(entry, follow, unfollow, context, node));
    node.append(...parts);
    return node;
}

/** Renders the stars and the form that they open. Its button sends the rating, so that no slip of the finger does. */
function rating(entry: Entry, ratings: Choice[], { words, chosen, choose }: RenderContext, node: HTMLElement): HTMLElement[] {
    let given = chosen(ratings, entry.topic?.id);
    let picked = given;
    const radios = ratings.map((choice) => {
        const radio = named(make("input"), choice.title);
        radio.type = "radio";
        radio.name = `rate-${entry.id}`;
        // Also for the stars already given: a comment may be added.
        radio.addEventListener("click", () => pick(choice, true));
        return radio;
    });
    const stars = make("div", "stars", ...radios.map((radio) => make("label", "", radio, icon("star"))));

    const hint = make("p", "note", words.say("comment_hint"));
    hint.id = `hint-${entry.id}`;
    const comment = make("input");
    comment.maxLength = LONGEST_COMMENT;
    comment.dir = "auto";
    comment.setAttribute("aria-describedby", hint.id);
    const send = button("strong", () => {}, words.say("rate_send"));
    send.type = "submit";
    const leave = iconButton("close", words.say("close"), () => done());
    const form = make("form", "", make("label", "", words.say("comment"), comment), hint, make("div", "", send, leave));
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        given = picked;
        if (picked) choose(picked, comment.value.trim());
        comment.value = "";
        done();
    });
    pick(given, false);
    node.addEventListener(KEPT, () => {
        given = chosen(ratings, entry.topic?.id);
        if (form.hidden) pick(given, false);
    });
    return [named(stars, words.say("rate"), "radiogroup"), form];

    function pick(choice: Choice | undefined, open: boolean): void {
        picked = choice;
        const last = choice ? ratings.indexOf(choice) : -1;
        radios.forEach((radio, place) => {
            radio.checked = place === last;
            radio.parentElement?.classList.toggle("on", place <= last);
        });
        form.hidden = !open;
    }

    function done(): void {
        const focused = radios[picked ? ratings.indexOf(picked) : 0];
        pick(given, false);
        focused?.focus({ preventScroll: true });
    }
}

function following(
    entry: Entry,
    follow: Choice,
    unfollow: Choice | undefined,
    { chosen, choose }: RenderContext,
    node: HTMLElement,
): HTMLElement {
    const made = button("follow", () => {
        choose(on() && unfollow ? unfollow : follow);
        show();
    });
    const on = () => chosen(unfollow ? [follow, unfollow] : [follow], entry.topic?.id) === follow;
    const show = () => {
        made.replaceChildren(icon(on() ? "check" : "plus"), follow.title);
        made.setAttribute("aria-pressed", String(on()));
    };
    show();
    node.addEventListener(KEPT, show);
    return made;
}
