//! Each kind of question, and what is answered: about one node, about several,
//! about what was, or about the characters themselves.

mod fleet;
mod node;
mod past;
mod people;
mod was;

use super::{Scene, Told, gravest};
use cast::Sheet;
use cast::ask::{Asked, Question, Stretch};

/// The most things that an answer lists.
const MOST: usize = 5;

/// None where nothing is known that would answer it.
pub(super) async fn answer(scene: &Scene<'_>, asked: &Asked, kind: Question, sheet: &Sheet) -> Option<Told> {
    let named = || {
        let name = asked.nodes.first()?;
        scene.nodes.iter().find(|node| node.name.as_str() == name)
    };
    // What was, where it ended before now: what is so now is no answer to it.
    let ended = asked.stretch.is_some_and(Stretch::has_ended);
    match kind {
        Question::Value if asked.stretch.is_some() => was::value(scene, asked, named()?).await,
        Question::Extreme if ended => was::extreme(scene, asked).await,
        Question::How | Question::Why | Question::Fleet | Question::Trouble if ended => {
            past::changed(scene, asked).await
        }
        Question::Worst
        | Question::Compare
        | Question::WhoElse
        | Question::Silent
        | Question::Count
        | Question::Usual
        | Question::Service
            if ended =>
        {
            None
        }
        Question::Worst => fleet::worst(scene),
        Question::Fleet | Question::Trouble if asked.nodes.is_empty() => {
            fleet::fleet(scene, kind == Question::Trouble)
        }
        Question::How | Question::Fleet | Question::Trouble => node::how(named()?),
        Question::Council => node::how(named().or_else(|| gravest(scene))?),
        Question::Why => node::why(named().or_else(|| gravest(scene))?),
        Question::Since => node::since(named().or_else(|| gravest(scene))?),
        Question::Changed => past::changed(scene, asked).await,
        Question::Compare => fleet::compare(scene, asked),
        Question::Trend => past::trend(scene, asked, named()?).await,
        Question::Often => past::often(scene, asked).await,
        Question::Last => past::last(scene, asked).await,
        Question::WhoElse => fleet::who_else(scene, asked),
        Question::Said => past::said(scene, asked).await,
        Question::Dislike => people::dislike(scene, asked, sheet),
        Question::Advice => node::advice(named().or_else(|| gravest(scene))?),
        Question::Value => node::value(asked, named()?),
        Question::Silent => fleet::listed(scene, "silent", |node| node.silent),
        Question::Extreme => fleet::extreme(scene, asked),
        Question::Count => fleet::count(scene, asked),
        Question::Seen => node::seen(named()?),
        Question::Hardware => node::hardware(named()?),
        Question::Version => node::version(named()?),
        Question::Clock => fleet::clocks(scene, named()),
        Question::Service => fleet::service(scene, asked, named()),
        Question::Who => people::who(scene, asked, sheet),
        Question::Feel => people::feel(scene, asked, sheet),
        Question::Embody => people::embody(scene, asked, sheet),
        Question::Help => Some(fleet::help(scene)),
        Question::Usual => node::usual(named()?),
        Question::List => fleet::list(scene),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
