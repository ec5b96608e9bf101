//! What Redis 8.2.3 answers for expressions and attributes.

use super::*;

fn matches(expression: &str, json: &str) -> bool {
    let filter = Filter::new(expression.as_bytes()).unwrap();
    filter.matches(json.as_bytes())
}

fn near(expression: &str) -> String {
    let error = Filter::new(expression.as_bytes()).unwrap_err();
    let text = error.to_string();
    let near = text.strip_prefix("syntax error in FILTER expression near: ");
    near.unwrap().to_owned()
}

#[test]
fn operators_bind_as_documented() {
    for truth in [
        "1+2*3==7",
        "(1+2)*3==9",
        "2**3**2==512",
        "10-2-3==5",
        "-2**2==4",
        "2**-1==0.5",
        "-7%3==-1",
        "1 or 1 and 0",
        "not 0 and 1",
        "1 + not 0 == 2",
        "1 in [1] in [1]",
        "1==5 in [0]",
        "1--1==2",
        "1 2 +",
        "1/0",
    ] {
        assert!(matches(truth, ""), "{truth}");
    }
    for untruth in [
        "3>2>1",
        "not 1+0",
        "not (1) and 0",
        "0.1+0.2==0.3",
        "1 and !!1",
    ] {
        assert!(!matches(untruth, ""), "{untruth}");
    }
}

#[test]
fn values_compare_by_number_unless_both_are_texts() {
    for truth in [
        "\"1\"==1",
        "\" 0x10\"==16",
        "0==\"hello\"",
        "\"2\">\"1\"",
        "'a'!='b'",
        "[1]==[2]",
        "\"\" in 'a'",
        "'3' in [1, 2 ,3,]",
        "\"1e400\">5",
        "null ==null",
        "not null",
    ] {
        assert!(matches(truth, ""), "{truth}");
    }
    for untruth in [
        "'1'=='1.0'",
        "\"b\">\"a\"",
        "0==null",
        "2 in 'a2'",
        "'1x'==1",
        "''",
    ] {
        assert!(!matches(untruth, ""), "{untruth}");
    }
}

#[test]
fn attributes_are_read_leniently_up_to_the_one_in_question() {
    for (json, expression) in [
        (r#" { "x" : true}"#, ".x==1"),
        (r#"{"x":1,"x":9} trailing"#, ".x==1"),
        (r#"{"x":1x"#, ".x==1"),
        (r#"{"y":1.2.3,"x":+01}"#, ".x==1"),
        (r#"{"y":[1,{"x":3},"]"],"a\"b":2,"x":-1e-2}"#, ".x==-0.01"),
        (r#"{"x":[1,[2],"three",null]}"#, "'three' in .x"),
        (r#"{"x":"a\nb\/\u00e9"}"#, ".x=='a\nb/u00e9'"),
        (r#"{"a-b":"a\"b"}"#, ".a-b=='a\"b'"),
        (r#"{"x":null}"#, "not .x"),
    ] {
        assert!(matches(expression, json), "{expression} {json}");
    }
}

#[test]
fn nothing_matches_without_the_attribute() {
    for json in [
        "",
        "{}",
        "[{\"x\":1}]",
        r#"{"x":{"x":1}}"#,
        r#"{"x":[{"a":1}]}"#,
        r#"{"y":nope,"x":1}"#,
        r#"{"y":1 "x":1}"#,
        r#"{"x":truex}"#,
        r#"{"x":.5}"#,
        r#"{"x":1e}"#,
        r#"{"x":[1,]}"#,
        r#"{'x':1}"#,
    ] {
        assert!(!matches("1 or .x", json), "{json}");
    }
}

#[test]
fn errors_show_what_is_left_or_all() {
    for (expression, rest) in [
        ("", ""),
        ("(", "("),
        (".x==1)", ".x==1)"),
        ("1)2", "1)2"),
        (".x = 1", " 1"),
        ("0x10==16", "10==16"),
        ("true==1", "1"),
        (".x==true", ".x==true"),
        ("2^3", "^3"),
        ("1e-3==1", "-3==1"),
        ("[1 2]", "2]"),
        ("[null]", "null]"),
        ("[,1]", ",1]"),
        (".x=='unter", ".x=='unter"),
        ("not not 1", "not not 1"),
        ("--1==1", "--1==1"),
        ("1 1", "1 1"),
        ("..", ".."),
    ] {
        assert_eq!(near(expression), rest, "{expression}");
    }
}
