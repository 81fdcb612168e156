use super::*;

#[test]
fn the_built_in_packs_compile_and_have_every_list_that_counts() {
    assert_eq!(builtin_packs().len(), PackSource::builtin().len());
    for (language, source) in PackSource::builtin() {
        for list in List::ALL {
            assert!(source.lists.get(&list).is_some_and(|list| !list.is_empty()), "{language:?} {list:?}");
        }
        for words in [&source.stopwords, &source.negators, &source.refusals, &source.conditionals] {
            assert!(words.as_ref().is_some_and(|words| !words.is_empty()), "{language:?}");
        }
        assert!(source.stopwords.as_ref().is_some_and(|words| words.len() >= 100), "{language:?}");
    }
}

#[test]
fn lists_stand_in_the_order_of_their_bits_and_no_mark_is_one_of_them() {
    for (number, list) in List::ALL.into_iter().enumerate() {
        assert_eq!(list as usize, number);
    }
    let lists = List::ALL.into_iter().fold(0, |bits, list| bits | list.bit());
    let marks =
        [mark::WAITING_TWICE, mark::TRIES_TWICE, mark::RESTATE_TWICE, mark::NEGATED, mark::REFUSES, mark::DENIES];
    assert_eq!(marks.into_iter().fold(lists, |bits, mark| bits ^ mark), u32::MAX, "each bit has one meaning");
    assert_eq!(CUSTOMER & AGENT, 0);
}

#[test]
fn what_a_pack_does_not_name_it_takes_from_the_one_below() {
    let below = PackSource::builtin().get(&LanguageCode::ENGLISH).unwrap();
    let own: PackSource = toml::from_str("language = \"en\"\n[lists]\npraise = [\"smashing\"]\n").unwrap();
    let over = own.over(below);
    assert_eq!(over.lists[&List::Praise], ["smashing".into()]);
    assert_eq!(over.lists[&List::Thanks], below.lists[&List::Thanks]);
    assert_eq!(over.stopwords, below.stopwords);
    let pack = Pack::compile(&over).unwrap();
    assert_ne!(pack.digest(), Pack::compile(below).unwrap().digest());
}

#[test]
fn what_cannot_be_a_pack_is_refused_with_its_place() {
    let compile = |text: &str| Pack::compile(&toml::from_str(text).unwrap()).map(|_| ()).unwrap_err();
    assert_eq!(compile("language = \"english\""), PackError::Language("english".into()));
    let error = compile("language = \"en\"\n[lists]\npraise = [\"gre+at\"]").to_string();
    assert!(error.contains("Praise") && error.contains("gre+at"), "{error}");
    assert!(toml::from_str::<PackSource>("language = \"en\"\n[lists]\njoy = [\"x\"]").is_err());
}
