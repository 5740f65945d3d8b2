//! In which order providers are asked.

use super::Desk;
use crate::Task;
use crate::settings::Settings;

/// Puts them in the order of the configuration; without one, the cheapest first.
pub(super) fn sort(desks: &mut [Desk], settings: &Settings) {
    let place = |desk: &Desk| {
        let named = settings.order.iter().position(|name| *name.as_ref() == desk.provider.name);
        named.unwrap_or(settings.order.len())
    };
    // What goes in is many times what comes out.
    let price = |desk: &Desk| desk.provider.price.input * 4.0 + desk.provider.price.output;
    desks.sort_by(|one, other| place(one).cmp(&place(other)).then(price(one).total_cmp(&price(other))));
}

/// Whom to ask for a task: whom the characters like best, then whom the task
/// names, or else all in their order. Whoever can't is left out.
pub(super) fn order<'a>(desks: &'a [Desk], settings: &Settings, task: Task, by: &[String]) -> Vec<&'a Desk> {
    let liked = by.iter().filter_map(|by| settings.characters.get(by)).map(AsRef::as_ref);
    // One call for many is nobody's own: a liking counts where one speaks.
    let liked = liked.take(usize::from(by.len() == 1));
    let named = settings.tasks.get(&task);
    let all = settings.order.iter().map(AsRef::as_ref);
    let all = all.chain(desks.iter().map(|desk| &desk.provider.name));
    let wanted: Vec<&String> = match named {
        Some(named) => liked.chain(named.iter().map(AsRef::as_ref)).collect(),
        None => liked.chain(all).collect(),
    };
    let mut order: Vec<&Desk> = Vec::new();
    for name in wanted {
        let desk = desks.iter().find(|desk| desk.provider.name == *name);
        let desk = desk.filter(|desk| task != Task::Embedding || desk.provider.embedding_model.is_some());
        if let Some(desk) = desk
            && !order.iter().any(|known| std::ptr::eq(*known, desk))
        {
            order.push(desk);
        }
    }
    order
}
