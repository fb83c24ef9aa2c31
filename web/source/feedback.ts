import type { Choice, Entry } from "./entries";
import { button, icon, iconButton, make, named } from "./nodes";
import type { RenderContext } from "./render_context";

const LONGEST_COMMENT = 300;
/** The event that tells what stands below answers that feedback was kept, perhaps in words. */
export const KEPT = "kept";

/** What a person can do with an answer: give it stars, with a comment if they like, and follow its topic. */
export function feedbackNode(entry: Entry, offered: Choice[], context: RenderContext): HTMLElement {
    const ratings = offered.filter((choice) => choice.stars);
    const [follow, unfollow] = offered.filter((choice) => !choice.stars);
    const node = named(make("div", "feedback"), context.words.say("feedback"), "group");
    const parts = ratings.length ? rating(entry, ratings, context, node) : [];
    if (follow) parts.splice(1, 0, following(entry, follow, unfollow, context, node));
    node.append(...parts);
    return node;
}

/** The stars, and the form that they open: a rating goes out with the button in it, so that nobody rates by a slip. */
function rating(entry: Entry, ratings: Choice[], { words, chosen, choose }: RenderContext, node: HTMLElement): HTMLElement[] {
    let given = chosen(ratings, entry.topic?.id);
    let picked = given;
    const radios = ratings.map((choice) => {
        const radio = named(make("input"), choice.title);
        radio.type = "radio";
        radio.name = `rate-${entry.id}`;
        // Also when it is the one that was given: to say why.
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
