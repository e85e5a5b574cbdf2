//! Against a plain search over the numbers as they were, and over a store that changes.

use super::*;

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn number(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn vector(&mut self, dim: usize) -> Vec<f32> {
        let vector: Vec<f32> = (0..dim).map(|_| self.number()).collect();
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.iter().map(|x| x / length).collect()
    }
}

fn store() -> Connection {
    let store = Connection::open_in_memory().expect("SQLite opens");
    store.execute_batch(SCHEMA).expect("the schema holds");
    store
}

fn entries(near: &[Near]) -> Vec<i64> {
    near.iter().map(|near| near.entry).collect()
}

#[test]
fn the_nearest_are_those_of_a_plain_search() {
    let (store, mut chance) = (store(), Chance(7));
    let all: Vec<Vec<f32>> = (0..2000).map(|_| chance.vector(96)).collect();
    for (entry, vector) in all.iter().enumerate() {
        put(&store, entry as i64, "m", &[(0, vector.clone())]).expect("it is written");
    }
    let mut matrix = Matrix::new("m", 96);
    matrix.refresh(&store).expect("it is read");
    let mut same = 0;
    for _ in 0..20 {
        let query = chance.vector(96);
        let cosine = |entry: i64| -> f32 { all[entry as usize].iter().zip(&query).map(|(a, b)| a * b).sum() };
        let found = matrix.nearest(&query, 10, None);
        assert!(found.iter().all(|near| (near.score - cosine(near.entry)).abs() < 0.01), "{found:?}");
        assert!(found.windows(2).all(|two| two[0].score >= two[1].score));
        let mut plain: Vec<i64> = (0..2000).collect();
        plain.sort_by(|a, b| cosine(*b).total_cmp(&cosine(*a)));
        same += found.iter().filter(|near| plain[..10].contains(&near.entry)).count();
    }
    assert!(same >= 190, "only {same} of 200 are the nearest");
}

#[test]
fn an_entry_is_found_once_by_its_nearest_chunk_and_only_if_it_is_allowed() {
    let store = store();
    put(&store, 1, "m", &[(0, vec![1.0, 0.0]), (9, vec![0.0, 1.0])]).expect("it is written");
    put(&store, 2, "m", &[(0, vec![0.6, 0.8])]).expect("it is written");
    let mut matrix = Matrix::new("m", 2);
    matrix.refresh(&store).expect("it is read");
    let found = matrix.nearest(&[0.0, 1.0], 10, None);
    assert_eq!((entries(&found), found[0].chunk), (vec![1, 2], 1));
    assert_eq!(entries(&matrix.nearest(&[0.0, 1.0], 10, Some(&HashSet::from([2])))), [2]);
    assert_eq!(entries(&matrix.nearest(&[0.0, 1.0], 1, None)), [1]);
    assert!(
        matrix.nearest(&[0.0, 1.0, 0.0], 1, None).is_empty()
            && matrix.nearest(&[0.0, 1.0], 0, None).is_empty()
    );
}

#[test]
fn what_comes_is_appended_and_what_goes_is_gone() {
    let store = store();
    let mut matrix = Matrix::new("m", 2);
    let seen = |matrix: &mut Matrix| {
        matrix.refresh(&store).expect("it is read");
        entries(&matrix.nearest(&[1.0, 0.0], 10, None))
    };
    assert!(seen(&mut matrix).is_empty());
    put(&store, 5, "m", &[(0, vec![1.0, 0.0])]).expect("it is written");
    put(&store, 6, "m", &[(0, vec![0.8, 0.6])]).expect("it is written");
    put(&store, 7, "other", &[(0, vec![1.0, 0.0])]).expect("it is written");
    assert_eq!(seen(&mut matrix), [5, 6]);
    put(&store, 8, "m", &[(0, vec![0.9, 0.1])]).expect("it is written");
    assert_eq!(seen(&mut matrix), [5, 8, 6]);
    put(&store, 5, "m", &[(0, vec![0.0, 1.0])]).expect("it is written");
    assert_eq!(seen(&mut matrix), [8, 6, 5]);
    put(&store, 8, "m", &[]).expect("it is removed");
    assert_eq!(seen(&mut matrix), [6, 5]);
    assert_eq!((remove_others(&store, "other", 1).expect("one goes"), seen(&mut matrix).len()), (1, 1));
    assert_eq!((remove_others(&store, "other", 9).expect("they go"), seen(&mut matrix)), (1, vec![]));
}
