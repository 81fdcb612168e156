use super::*;
use crate::config::source::Source;
use crate::domain::message::{Heard, LanguageCode};
use crate::domain::own_settings::OwnSettings;
use crate::domain::reading::Format;
use crate::domain::scoring::Speaker;
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::scoring::reader::{Incoming, Kept, MessageReader};
use crate::domain::scoring::support::pack::List;

/// Of a side whose users have set nothing.
fn settings_for(config: &Config, workspace: Id) -> Settings {
    config.configured_for(workspace, [0; 8]).plain().settings.clone()
}

fn load_text(text: &str) -> Result<Loaded, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    load(Inputs { file: Some(file), ..Inputs::default() })
}

fn faults(text: &str) -> Vec<String> {
    match load_text(text) {
        Err(ConfigError::Faults(faults)) => {
            let told = |fault: &Fault| {
                let line = if let Source::File { line, .. } = fault.source { line } else { 0 };
                format!("{line}: {}", fault.message)
            };
            faults.iter().map(told).collect()
        }
        other => panic!("faults were expected, not {other:?}"),
    }
}

fn checked_in() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml")
}

#[test]
fn r10_8_the_checked_in_file_says_every_default_and_nothing_else() {
    let defaults = load_text("").unwrap();
    let written = load(Inputs { file: Some(checked_in()), ..Inputs::default() }).unwrap();
    let plain = |loaded: &Loaded| loaded.effective.iter().map(|e| (e.key.clone(), e.value.clone())).collect::<Vec<_>>();
    let number = |value: &str| value.replace(".0,", ",").replace(".0]", "]").trim_end_matches(".0").to_owned();
    for ((key, default), (written_key, value)) in plain(&defaults).into_iter().zip(plain(&written)) {
        assert_eq!(key, written_key);
        // Equal thirds are written as parts, whose ratio alone counts.
        if default != "[0.3333333333333333, 0.3333333333333333, 0.3333333333333333]" {
            assert_eq!(number(&default), number(&value), "{key}");
        }
    }
    assert_eq!(defaults.effective.len(), written.effective.len());
    for option in &written.effective {
        assert!(matches!(option.source, Source::File { .. }), "{} is not in config.toml", option.key);
    }
    let built_in = Settings { profile: ScoringModel::Support2.profile().clone(), ..Settings::default() };
    assert_eq!(settings_for(&written.config, Id(1)), built_in);
    assert_eq!(settings_for(&defaults.config, Id(1)), built_in);
    assert_eq!(written.config.server, defaults.config.server);
    assert_eq!(written.config.storage, defaults.config.storage);
    assert_eq!(written.config.limits, defaults.config.limits);
    assert_eq!(written.config.journal, defaults.config.journal);
}

#[test]
fn r10_8_unknown_keys_and_impossible_values_are_told_at_once_with_their_lines() {
    let told = faults(
        "[server]\nlisten = \"nowhere\"\nlisen = 1\n[journal]\nsegment_mib = 2000\n[scoring]\npriors = [0, 1, 0.5]\n\
         [scoring.signals.praise]\nweight = 11\n",
    );
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(told[0].starts_with("2: server.listen: an address and port"), "{told:?}");
    assert!(told.contains(&"3: server.lisen: unknown key".to_owned()), "{told:?}");
    assert!(told.iter().any(|t| t.starts_with("5: journal.segment_mib: a whole number from 1 to 1024")), "{told:?}");
    assert!(told.iter().any(|t| t.starts_with("9: scoring.signals.praise.weight: a number from 0 to 10")), "{told:?}");
}

#[test]
fn r10_8_a_fault_in_the_environment_names_the_variable() {
    let variables = vec![("TRIPSWITCH__SERVER__LISTEN".to_owned(), "x".to_owned())];
    let Err(error) = load(Inputs { file: Some(checked_in()), variables, flags: Vec::new() }) else {
        panic!("no fault")
    };
    assert!(error.to_string().starts_with("env TRIPSWITCH__SERVER__LISTEN: server.listen:"), "{error}");
}

#[test]
fn r10_8_flags_win_over_the_environment_and_both_over_the_file() {
    let variables = vec![
        ("TRIPSWITCH__SERVER__LISTEN".to_owned(), "127.0.0.1:1".to_owned()),
        ("TRIPSWITCH__STORAGE__DATA_DIR".to_owned(), "7".to_owned()),
    ];
    let flags = vec![("--listen", "server.listen", "127.0.0.1:2".to_owned())];
    let loaded = load(Inputs { file: Some(checked_in()), variables, flags }).unwrap();
    assert_eq!(loaded.config.server.listen.port(), 2);
    assert_eq!(loaded.config.storage.data_dir, Path::new("7"));
    let source = |key: &str| loaded.effective.iter().find(|e| e.key == key).unwrap().source.to_string();
    assert_eq!(source("server.listen"), "flag --listen");
    assert_eq!(source("storage.data_dir"), "env TRIPSWITCH__STORAGE__DATA_DIR");
}

#[test]
fn values_that_exclude_each_other_are_faults() {
    let told = faults("[limits]\ninflight_bytes = 4194304\n[model]\nwindow_days = 500\n");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("2: limits.inflight_bytes") && told[1].starts_with("4: model.window_days"), "{told:?}");
}

#[test]
fn tls_needs_both_files_and_origins_are_exact() {
    let config = load_text("[server]\ntls_certificate = \"c.pem\"\ntls_key = \"k.pem\"\n").unwrap().config;
    let files = TlsFiles { certificate: "c.pem".into(), key: "k.pem".into() };
    assert_eq!(config.server.tls, Some(files));
    assert_eq!(Config::default().server.tls, None);
    let told = faults("[server]\ntls_key = \"k.pem\"\n");
    assert_eq!(told, ["2: server.tls_key: needs server.tls_certificate, too"]);

    let origins = |list: &str| load_text(&format!("[server]\ncors_origins = {list}\n"));
    let config = origins(r#"["https://app.example.com", "http://[::1]:3000"]"#).unwrap().config;
    assert_eq!(config.server.cors_origins, ["https://app.example.com".into(), "http://[::1]:3000".into()]);
    for wrong in ["*", "null", "app.example.com", "https://", "https://app.example.com/", "https://*.example.com"] {
        let told = faults(&format!("[server]\ncors_origins = [\"https://a\", \"{wrong}\"]\n"));
        assert!(
            told[0].starts_with("2: server.cors_origins: a list of origins") && told[0].contains(wrong),
            "{told:?}"
        );
    }
}

#[test]
fn a_named_file_that_is_missing_is_no_empty_configuration() {
    let missing = Inputs { file: Some("/nonexistent/config.toml".into()), ..Inputs::default() };
    assert!(matches!(load(missing), Err(ConfigError::Missing(_))));
}

#[test]
fn a_workspace_overrides_only_what_it_names() {
    let id = "0190b5c0-0000-7000-8000-000000000001";
    let text = format!(
        "[scoring]\nprior_strength = 4\n[workspaces.\"{id}\".scoring]\ndefault_language = \"da\"\n\
         [workspaces.\"{id}\".scoring.signals]\nrating = {{ weight = 5 }}\n"
    );
    let config = load_text(&text).unwrap().config;
    let id = Id::from(id.parse::<Uuid>().unwrap());
    let own = config.scoring_for(id);
    assert_eq!((own.profile.default_language.as_str(), own.profile.prior_strength), ("da", 4.0));
    let rating = SignalKind::Rating;
    let built_in = ScoringModel::Support2.profile();
    assert_eq!(own.profile.weight_of(rating).weight, 5.0);
    assert_eq!(own.profile.weight_of(rating).loadings, built_in.weight_of(rating).loadings);
    assert_eq!(config.scoring_for(Id(2)).profile.weight_of(rating), built_in.weight_of(rating));
    assert_ne!(own.profile.hash, config.scoring.profile.hash);
    assert_ne!(config.scoring.profile.hash, built_in.hash);
    assert_eq!(settings_for(&config, id).profile, own.profile);
    assert!(faults("[workspaces.acme.scoring]\nprofile = \"x\"\n")[0].contains("UUID"));
    assert!(faults(&format!("[workspaces.\"{}\"]\nlimit = 1\n", id))[0].contains("unknown key"));
}

#[test]
fn own_signals_are_declared_whole() {
    let config = load_text("[scoring.signals.nps]\nweight = 2\nloadings = [1, 0, 1]\n").unwrap().config;
    assert_eq!(config.scoring.own_signals["nps"].loadings, [0.5, 0.0, 0.5]);
    assert_eq!(settings_for(&config, Id(1)).profile, *ScoringModel::Support2.profile());
    let told = faults("[scoring.signals.nps]\nweight = 2\n[scoring.signals.Nps]\n");
    assert!(told.iter().any(|t| t.contains("needs scoring.signals.nps.loadings")), "{told:?}");
    assert!(told.iter().any(|t| t.starts_with("3: scoring.signals.Nps")), "{told:?}");
}

/// The configuration in a directory with a file of this name beside it.
fn beside(name: &str, content: &str, text: &str) -> ScoringConfig {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    std::fs::write(directory.path().join(name), content).unwrap();
    std::fs::write(&file, text).unwrap();
    load(Inputs { file: Some(file), ..Inputs::default() }).unwrap().config.scoring
}

#[test]
fn word_lists_are_laid_over_the_pack_and_files_are_read_beside_the_configuration() {
    let text = "[scoring.lexicon.sv]\nfile = \"sv.toml\"\nlists = { praise = [\"super\"] }\n\
                [scoring.lexicon.en.lists]\npraise = [\"smashing\"]\n";
    let content = "stopwords = [\"och\", \"det\"]\n[lists]\nthanks = [\"tack\"]\npraise = [\"fint\"]\n";
    let scoring = beside("sv.toml", content, text);
    let reader = scoring.message_reader(ScoringModel::Support2);
    let marks = |language: &str, text: &str| {
        let (speaker, format) = (Speaker::Customer, Format::Auto);
        let message = Incoming { speaker, text: Some(text), language: Some(language), format, automatic: false };
        match reader.read(&message, &[1; 16]) {
            Kept::Heard(Heard::Turn(message)) => message.readings.first().map_or(0, |reading| reading.marks),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(marks("sv", "tack"), List::Thanks.bit());
    assert_eq!((marks("sv", "super"), marks("sv", "fint")), (List::Praise.bit(), 0));
    assert_eq!((marks("en", "smashing"), marks("en", "awesome")), (List::Praise.bit(), 0));
    assert_ne!(marks("en", "thank you"), 0);
    assert!(scoring.profile.languages.contains(&LanguageCode::new("sv").unwrap()));
    assert_ne!(scoring.profile.hash, ScoringModel::Support2.profile().hash);

    let told = faults("[scoring.lexicon.da]\nfile = \"none.toml\"\n");
    assert!(told[0].starts_with("2: scoring.lexicon.da.file: "), "{told:?}");
    let told = faults("[scoring.lexicon.en.lists]\npraise = [\"(\"]\njoy = [\"x\"]\n");
    assert!(told.iter().any(|t| t.contains("pattern \"(\"")), "{told:?}");
    assert!(told.iter().any(|t| t.starts_with("3: scoring.lexicon.en.lists.joy: unknown key")), "{told:?}");
    assert!(faults("[scoring.lexicon.english]\nstopwords = []\n")[0].contains("two or three letters"));
}

#[test]
fn r5_8_the_model_is_chosen_and_brings_its_own_numbers_and_lists() {
    let config = load_text("[scoring]\nmodel = \"task-1\"\n").unwrap().config;
    assert_eq!(config.scoring.profile, *ScoringModel::Task1.profile());
    let text = "[scoring]\nmodel = \"task-1\"\n[scoring.lexicon.da]\nfile = \"da.json\"\n";
    let scoring = beside("da.json", r#"{"lists": {"gratitude": ["tak(?:ker)?"]}}"#, text);
    let MessageReader::Task(analyzer) = scoring.message_reader(ScoringModel::Task1) else { panic!("task-1") };
    let features = analyzer.analyze(Some("mange tak"), Some("da"), &[1; 16]);
    assert_eq!(features.hits, crate::domain::scoring::task::lexicon::List::Gratitude.bit());

    let told = faults("[scoring]\nmodel = \"task-1\"\n[scoring.signals]\nthanks = { weight = 1 }\n");
    assert!(told.iter().any(|t| t.contains("task-1 has no signal of this name")), "{told:?}");
    assert!(faults("[scoring]\nmodel = \"best\"\n")[0].contains("one of \"support-2\", \"task-1\""));
    let told = faults("[scoring]\nmodel = \"task-1\"\n[scoring.lexicon.en.lists]\npraise = [\"(\"]\n");
    assert!(told.iter().any(|t| t.contains("not a regular expression")), "{told:?}");
}

#[test]
fn r5_8_a_section_written_before_there_were_models_keeps_its_model() {
    for text in [
        "[scoring]\nprofile = \"support-en-1\"\npriors = [0.5, 0.7, 0.4]\n",
        "[scoring.lexicon.en.lists]\ngratitude = [\"ta\"]\n",
        "[scoring.lexicon.da]\nsentiment = \"none\"\n",
        "[scoring]\nprofile = \"acme-1\"\npriors = [0.52, 0.72, 0.39]\n",
    ] {
        assert_eq!(load_text(text).unwrap().config.scoring.profile.model, ScoringModel::Task1, "{text}");
    }
    let told = load_text("[scoring]\nmodel = \"support-2\"\nprofile = \"support-en-1\"\n").unwrap();
    assert_eq!(told.config.scoring.profile.model, ScoringModel::Support2);
}

#[test]
fn r2_13_an_issuer_needs_https_and_an_audience() {
    let load = |text: &str| load_text(text).unwrap().config.auth;
    assert_eq!(load(""), None);
    let auth = load("[auth]\nissuer = \"https://acme.kinde.com\"\naudience = [\"https://api\", \"b\"]\n").unwrap();
    assert_eq!(
        (&*auth.issuer, auth.jwks_url.as_str()),
        ("https://acme.kinde.com", "https://acme.kinde.com/.well-known/jwks")
    );
    assert_eq!(auth.audience, ["https://api".into(), "b".into()]);
    let own = "issuer = \"https://a/x/\"\naudience = [\"b\"]\n";
    assert_eq!(load(&format!("[auth]\n{own}")).unwrap().jwks_url.as_str(), "https://a/x/.well-known/jwks");
    let elsewhere = load(&format!("[auth]\n{own}jwks_url = \"http://127.0.0.1:9/keys\"\n")).unwrap();
    assert_eq!((&*elsewhere.issuer, elsewhere.jwks_url.as_str()), ("https://a/x/", "http://127.0.0.1:9/keys"));
    for url in ["http://acme.kinde.com", "acme.kinde.com", "ftp://a", "https://a:b@c", "http://127.0.0.1.example.com"] {
        let told = faults(&format!("[auth]\nissuer = \"{url}\"\naudience = [\"a\"]\n"));
        assert!(told[0].starts_with("2: auth.issuer: an address that begins with https"), "{told:?}");
        let told = faults(&format!("[auth]\n{own}jwks_url = \"{url}\"\n"));
        assert!(told[0].starts_with("4: auth.jwks_url: an address"), "{told:?}");
    }
    for audience in ["", "audience = []", "audience = [\"\"]"] {
        let told = faults(&format!("[auth]\nissuer = \"https://a\"\n{audience}\n"));
        assert!(told.len() == 1 && told[0].contains("auth.audience: must name"), "{told:?}");
    }
    assert!(faults("[auth]\nissuer = \"https://a\"\naudience = \"b\"\n")[0].contains("a list of texts"));
    assert_eq!(load("[auth]\naudience = [\"b\"]\n"), None);
}

#[test]
fn r2_13b_people_sign_in_where_there_is_an_issuer() {
    let load = |text: &str| load_text(text).unwrap().config.auth;
    let issuer = "issuer = \"https://acme.kinde.com:444/x\"\naudience = [\"b\"]\n";
    let auth = load(&format!("[auth]\n{issuer}client_id = \"0f3c8a\"\n")).unwrap();
    assert_eq!(
        (auth.client_id.as_deref(), auth.origin().as_deref()),
        (Some("0f3c8a"), Some("https://acme.kinde.com:444"))
    );
    assert_eq!(load(&format!("[auth]\n{issuer}client_id = \"\"\n")).unwrap().client_id, None);
    let told = faults("[auth]\nclient_id = \"0f3c8a\"\n");
    assert_eq!(told, ["2: auth.client_id: needs auth.issuer, too: people sign in there"]);
    for id in ["a b", "\u{e9}", &"x".repeat(256)] {
        let told = faults(&format!("[auth]\n{issuer}client_id = \"{id}\"\n"));
        assert!(told[0].starts_with("4: auth.client_id: 1 to 255 letters"), "{told:?}");
    }
}

#[test]
fn r10_8_a_collector_has_an_address_without_credentials() {
    for wrong in ["127.0.0.1:4318", "ftp://x", "http://", "http://name:word@x", "http://:word@x", "http://x?a=b"] {
        let told = faults(&format!("[log]\notlp_endpoint = \"{wrong}\"\n"));
        assert!(told[0].starts_with("2: log.otlp_endpoint: nothing, or a collector's address"), "{wrong} {told:?}");
    }
    let told = load_text("[log]\notlp_endpoint = \"http://127.0.0.1:4318\"\n");
    if cfg!(feature = "otlp") {
        assert_eq!(&*told.unwrap().config.log.otlp_endpoint, "http://127.0.0.1:4318");
    } else {
        let told = told.unwrap_err().to_string();
        assert!(told.ends_with(":2: log.otlp_endpoint: this program was built without the feature otlp"), "{told}");
    }
}

#[test]
fn r13_2_links_begin_with_an_address_that_can_be_written_on_behind() {
    let wrong = ["support.example.com", "ftp://x", "http://", "https://name:word@x", "https://x/?a", "https://x/#a"];
    for wrong in wrong.into_iter().chain([" https://x", "https://x/a b"]) {
        let told = faults(&format!("[ratings]\npublic_url = \"{wrong}\"\n"));
        assert!(told[0].starts_with("2: ratings.public_url: nothing, or an address"), "{wrong} {told:?}");
    }
    let read = |text: &str| load_text(&format!("[ratings]\n{text}\n")).unwrap().config.ratings;
    for good in ["https://support.example.com", "http://10.0.0.1:8080/support/", ""] {
        assert_eq!(&*read(&format!("public_url = \"{good}\"")).public_url, good);
    }
    assert_eq!(read("link_generation = 7").link_generation, 7);
}

#[test]
fn r5_10_a_level_is_read_and_changes_the_hash() {
    let text = "[scoring.level]\nshift = 0.34\nspread = 0.9\ncenter = 3.2\n[scoring.signals]\nthanks.weight = 0.8\n";
    let profile = load_text(text).unwrap().config.scoring.profile;
    assert_eq!(profile.level.numbers(), [0.34, 0.9, 3.2]);
    assert_ne!(
        profile.hash,
        load_text("[scoring.signals]\nthanks.weight = 0.8\n").unwrap().config.scoring.profile.hash
    );
    let told = load_text("[scoring.level]\nspread = 0.2\n").unwrap_err().to_string();
    assert!(told.ends_with(":2: scoring.level.spread: a number from 0.25 to 4 is expected, not 0.2"), "{told}");
}

#[test]
fn r6_9_each_model_is_there_with_what_the_sections_say_of_it() {
    let id = "0190b5c0-0000-7000-8000-000000000001";
    let text = format!(
        "[scoring]\nmodel = \"task-1\"\nprior_strength = 4\ncomposite_weights = [2, 1, 1]\n\
         [scoring.lexicon.da.lists]\ngratitude = [\"tak\"]\n\
         [workspaces.\"{id}\".scoring]\nmodel = \"support-2\"\ndefault_language = \"da\"\n"
    );
    let config = load_text(&text).unwrap().config;
    let id = Id::from(id.parse::<Uuid>().unwrap());
    for workspace in [id, Id(2)] {
        let configured = config.configured_for(workspace, [7; 8]);
        let expected = Settings { secret_id: [7; 8], ..settings_for(&config, workspace) };
        assert_eq!(configured.plain().settings, expected);
        let other = if workspace == id { ScoringModel::Task1 } else { ScoringModel::Support2 };
        let own = OwnSettings { model: Some(other), ..OwnSettings::default() };
        let there = configured.with(&own).settings.profile.clone();
        let language = if workspace == id { "da" } else { "en" };
        assert_eq!((there.model, there.default_language.as_str()), (other, language));
        assert_eq!(there.composite_weights, [0.5, 0.25, 0.25], "they belong to no model");
        let strength = if other == ScoringModel::Task1 { 4.0 } else { 2.0 };
        assert_eq!(there.prior_strength, strength, "the section of the model");
        assert!(there.languages.contains(&LanguageCode::new("da").unwrap()));
        assert_eq!(
            there.hash,
            there.computed_hash(&config.scoring_for(workspace).under(other, &config.scoring).digests)
        );
    }
}

#[test]
fn r13_2b_a_mail_server_needs_a_sender_and_links_and_is_never_shown() {
    let url = "smtps://me:hunter2@mail.example.com";
    let text =
        |rest: &str| format!("[ratings]\npublic_url = \"https://a.example\"\n[mail]\nsmtp_url = \"{url}\"\n{rest}");
    let loaded = load_text(&text("from = \"Acme <support@example.com>\"\nfollow_up_every_days = 0\n")).unwrap();
    let mail = &loaded.config.mail;
    assert_eq!((mail.relay.as_ref().map(|relay| relay.smtp.port), mail.follow_up_every_days), (Some(465), 0));
    assert!(!format!("{:?}", loaded.config).contains("hunter2"));
    assert!(!format!("{:?}", loaded.effective).contains("hunter2"));
    assert!(load_text("").unwrap().config.mail.relay.is_none());

    assert_eq!(faults(&text("")), ["4: mail.smtp_url: needs mail.from, too"]);
    let plain = text("from = \"a@example.com\"\nca_file = \"ca.pem\"\n").replace("smtps:", "smtp:");
    assert_eq!(faults(&plain), ["6: mail.ca_file: is of no use without TLS in mail.smtp_url"]);
    let unlinked = format!("[mail]\nsmtp_url = \"{url}\"\nfrom = \"a@example.com\"\n");
    assert_eq!(faults(&unlinked), ["2: mail.smtp_url: needs ratings.public_url, too: mails are links to it"]);
    for wrong in ["support", "a@example.com, b@example.com", "Acme <a@example.com>\\r\\nBcc: b@example.com"] {
        let told = faults(&format!("[mail]\nfrom = \"{wrong}\"\n"));
        assert!(told[0].starts_with("2: mail.from: nothing, or whom mails come from"), "{told:?}");
    }
    let told = faults(&format!("[mail]\nsmtp_url = \"{url}?x=hunter2\"\n"));
    assert!(told[0].contains("mail.smtp_url") && !told[0].contains("hunter2"), "{told:?}");
}
