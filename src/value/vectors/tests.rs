//! Numbers that Redis 8.2.3 answered.

use super::*;

fn set(quantization: Quantization, elements: &[(&str, &[f32])]) -> VectorSet {
    let shape = Shape {
        dim: elements[0].1.len(),
        quantization,
        links: DEFAULT_LINKS,
    };
    let mut set = VectorSet::new(shape, None);
    for (name, vector) in elements {
        set.insert(name.as_bytes(), vector);
    }
    set
}

fn scores(set: &VectorSet, query: &[f32], ties: Ties) -> Vec<(String, f64)> {
    let found = set.search(&Search {
        query: &set.query(query),
        count: 10,
        filter: None,
        ties,
    });
    let scored = |found: &Found<'_>| {
        let name = String::from_utf8(found.name.to_vec()).unwrap();
        (name, similarity(found.distance))
    };
    found.iter().map(scored).collect()
}

#[test]
fn scores_agree_to_the_last_digit() {
    let q8 = set(
        Quantization::Q8,
        &[("a", &[1.0, 2.0, 4.0]), ("b", &[1.0, 2.0, 3.0])],
    );
    let expected = [("b", 0.6325784027576447), ("a", 0.6099680662155151)];
    let expected = expected.map(|(name, score)| (name.to_owned(), score));
    assert_eq!(scores(&q8, &[1.0, 0.0, 0.0], Ties::NewestFirst), expected);
    let f32 = set(Quantization::F32, &[("a", &[1.0, 2.0, 3.0])]);
    let opposite = scores(&f32, &[-1.0, -2.0, -3.0], Ties::NewestFirst);
    assert_eq!(opposite[0].1, 5.960464477539063e-8);
    let vector: [f32; 10] = [1.0, -2.0, 3.0, 0.0, -0.0, 5.0, 6.0, -7.0, 8.0, 9.0];
    let bin = set(Quantization::Bin, &[("a", &vector)]);
    let ones = scores(&bin, &[1.0; 10], Ties::NewestFirst);
    assert_eq!(ones[0].1, 0.5999999940395355);
}

#[test]
fn a_vector_comes_back_as_far_as_it_was_kept() {
    let (vector, norm) = Vector::new(&[1.0, 2.0, 4.0], Quantization::Q8);
    assert_eq!((vector.to_bytes(), norm), (b" ?\x7f".to_vec(), 4.582_576));
    assert_eq!(vector.components(norm), [1.007_874, 1.984_251_9, 4.0]);
    let (zero, norm) = Vector::new(&[0.0; 3], Quantization::Q8);
    assert_eq!((zero.components(norm), norm), (vec![0.0; 3], 1.0));
    let (signs, norm) = Vector::new(&[1.0, -2.0, 0.0], Quantization::Bin);
    assert_eq!(signs.components(norm), [1.0, -1.0, -1.0]);
    for vector in [vector, zero] {
        let range = vector.range().unwrap();
        let bytes = vector.to_bytes();
        assert_eq!(
            Vector::from_bytes(&bytes, range, 3, Quantization::Q8),
            Some(vector)
        );
        assert_eq!(Vector::from_bytes(&bytes, range, 4, Quantization::Q8), None);
    }
}

#[test]
fn equal_distances_go_by_age() {
    let mut set = set(
        Quantization::Q8,
        &[("a", &[1.0]), ("b", &[1.0]), ("c", &[1.0])],
    );
    set.insert(b"a", &[2.0]);
    let names = |ties| scores(&set, &[1.0], ties).into_iter().map(|(name, _)| name);
    assert!(names(Ties::NewestFirst).eq(["a", "c", "b"]));
    assert!(names(Ties::OldestFirst).eq(["b", "c", "a"]));
}

#[test]
fn a_projection_is_a_walsh_hadamard_matrix() {
    let projection = Projection::new(3, 2);
    assert_eq!(
        projection.apply(&[1.0, 2.0, 3.0]),
        [3.464_101_6, 1.154_700_5]
    );
}

#[test]
fn attributes_are_counted() {
    let mut set = set(Quantization::Bin, &[("a", &[1.0]), ("b", &[1.0])]);
    assert!(set.set_attributes(b"a", b"{}") && set.set_attributes(b"b", b"{}"));
    assert!(!set.set_attributes(b"c", b"{}"));
    set.insert(b"a", &[-1.0]);
    assert_eq!((set.with_attributes(), set.last_id()), (2, 3));
    set.set_attributes(b"a", b"");
    set.remove(b"b");
    assert_eq!((set.with_attributes(), set.len()), (0, 1));
}
