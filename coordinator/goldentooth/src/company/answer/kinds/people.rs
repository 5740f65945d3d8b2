//! Questions about the characters themselves.
#![allow(clippy::unnecessary_wraps)] // every kind answers in one shape: none where it can't

use super::super::{Scene, Told, fact};
use cast::Sheet;
use cast::ask::Asked;
use node_agent::clock::wall;

pub(super) fn dislike(scene: &Scene<'_>, asked: &Asked, sheet: &Sheet) -> Option<Told> {
    // "why does malvo despise umbrell": of two who are named, the first answers.
    let other = asked.characters.iter().find(|who| **who != sheet.id);
    let ties = sheet.ties.iter().filter(|tie| other.is_none_or(|other| tie.to == *other));
    let told: Vec<String> = ties
        .filter_map(|tie| {
            let name = &scene.cast.get(&tie.to)?.name;
            let word = match tie.kind {
                cast::TieKind::Alliance => "an alliance",
                cast::TieKind::Rivalry => "a rivalry",
                cast::TieKind::Dependency => "a dependency",
                cast::TieKind::Contempt => "contempt",
            };
            Some(format!("With {name} it is {word}: {}", tie.why))
        })
        .collect();
    if told.is_empty() {
        let name =
            other.and_then(|other| scene.cast.get(other)).map_or("anybody", |other| other.name.as_str());
        return Some(Told::fact(
            format!("No tie to {name} stands in the sheet of {}.", sheet.name),
            Vec::new(),
        ));
    }
    Some(Told::fact(told.join(" "), vec![fact("relationships", &sheet.id, told.len(), "", None)]))
}

fn about<'a>(scene: &Scene<'a>, asked: &Asked, sheet: &'a Sheet) -> &'a Sheet {
    asked.characters.iter().find(|who| **who != sheet.id).and_then(|who| scene.cast.get(who)).unwrap_or(sheet)
}

pub(super) fn who(scene: &Scene<'_>, asked: &Asked, sheet: &Sheet) -> Option<Told> {
    let sheet = about(scene, asked, sheet);
    let portrait = scene.portraits.iter().find(|portrait| portrait.id == sheet.id);
    let domain = match portrait.and_then(|portrait| portrait.embodies.as_ref()) {
        Some(domain) => format!(" It stands for {domain}."),
        None => " What it stands for is for you to find out.".to_owned(),
    };
    let office =
        sheet.office.map(|office| format!(", holds the office @{}", office.name())).unwrap_or_default();
    let text = format!("{}, {}, of {}{office}.{domain}", sheet.name, sheet.archetype, sheet.house);
    Some(Told::fact(text, vec![fact("character", &sheet.id, sheet.name.as_str(), "", None)]))
}

pub(super) fn feel(scene: &Scene<'_>, asked: &Asked, sheet: &Sheet) -> Option<Told> {
    let sheet = about(scene, asked, sheet);
    let portrait = scene.portraits.iter().find(|portrait| portrait.id == sheet.id)?;
    let readiness = format!("{:?}", portrait.readiness).to_lowercase();
    let energy = (portrait.energy * 100.0).round();
    let facts = vec![
        fact("feeling", &sheet.id, portrait.feeling.name(), "", Some(wall())),
        fact("readiness", &sheet.id, readiness.as_str(), "", Some(wall())),
        fact("energy", &sheet.id, energy, "%", Some(wall())),
    ];
    let text = format!(
        "{} feels {}, is {readiness}, and has {energy} % of energy.",
        sheet.name,
        portrait.feeling.name()
    );
    Some(Told::fact(text, facts))
}

pub(super) fn embody(scene: &Scene<'_>, asked: &Asked, sheet: &Sheet) -> Option<Told> {
    if let Some(node) = asked.nodes.first() {
        let head = scene.cast.embody(node)?;
        let text = format!("{node} lives in the household of {}.", head.name);
        return Some(Told::fact(text, vec![fact("character", node, head.id.as_str(), "", None)]));
    }
    let sheet = about(scene, asked, sheet);
    let names: Vec<&str> = scene
        .nodes
        .iter()
        .map(|node| node.name.as_str())
        .filter(|node| scene.cast.embody(node).is_some_and(|head| head.id == sheet.id))
        .collect();
    let facts = vec![fact("nodes", &sheet.id, names.len(), "", None)];
    let text = match names.len() {
        0 => format!("No node lives in a household of {}.", sheet.name),
        all => format!("{all} in the household of {}: {}.", sheet.name, names.join(", ")),
    };
    Some(Told::fact(text, facts))
}
