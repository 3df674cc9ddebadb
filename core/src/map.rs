//! An ordered map for few entries: the standard library's tree is made anew, and large, for every kind of value.

use core::borrow::Borrow;

use serde::{Serialize, Serializer};

use crate::json::de::{FromNode, Source};
use crate::sort::sort_by;

/// Entries in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Map<K, T>(Vec<(K, T)>);

impl<K, T> Default for Map<K, T> {
    fn default() -> Self {
        Map(Vec::new())
    }
}

impl<K: Ord, T> Map<K, T> {
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&T>
    where
        K: Borrow<Q>,
    {
        self.0.get(self.find(key).ok()?).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut T> {
        let at = self.find(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    pub(crate) fn insert(&mut self, key: K, value: T) {
        match self.find::<K>(&key) {
            Ok(at) => {
                if let Some(entry) = self.0.get_mut(at) {
                    entry.1 = value;
                }
            }
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if let Ok(at) = self.find(key) {
            self.0.remove(at);
        }
    }

    /// Removes an entry and gives its value.
    pub(crate) fn take<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<T>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|at| self.0.remove(at).1)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves out the entries whose keys are not to stay.
    pub(crate) fn retain(&mut self, stays: impl Fn(&K) -> bool) {
        self.0.retain(|(key, _)| stays(key));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &T)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

impl<T> Map<String, T> {
    /// What follows in the keys that begin with that.
    pub(crate) fn behind(&self, prefix: &str) -> Vec<&str> {
        let from = self.find(prefix).unwrap_or_else(|at| at);
        let keys = self.0.get(from..).unwrap_or_default().iter();
        keys.map_while(|(key, _)| key.strip_prefix(prefix)).collect()
    }
}

impl<K, T> IntoIterator for Map<K, T> {
    type Item = (K, T);
    type IntoIter = std::vec::IntoIter<(K, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Ord + Serialize, T: Serialize> Serialize for Map<K, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter())
    }
}

impl<K: From<String> + Ord, T: FromNode> FromNode for Map<K, T> {
    fn blank() -> Self {
        Map::default()
    }

    /// The reader refused names that stand twice.
    fn fill(&mut self, from: &mut Source<'_>) {
        self.0 = from.members();
        sort_by(&mut self.0, |(one, _), (other, _)| one.cmp(other));
    }
}
