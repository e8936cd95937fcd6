use scopelog_catalog::{Class, ColumnType, DatasetSchema, Feature, FieldType};

/// How one field of the schema is scrubbed, and into which columns.
#[derive(Debug, Clone)]
pub(crate) struct FieldPlan {
    pub(crate) name: String,
    pub(crate) class: Class,
    pub(crate) field_type: FieldType,
    pub(crate) to: Targets,
    pub(crate) features: Vec<(Feature, usize)>,
    /// Whether a `url` field is a query string on its own.
    pub(crate) is_query: bool,
    /// Whether it holds the verb, or the command of a session.
    pub(crate) is_verb: bool,
}

impl FieldPlan {
    /// Whether its values are texts, in which the record's own values may stand.
    pub(crate) fn is_text(&self) -> bool {
        let scanned = self.class == Class::Clear && self.field_type == FieldType::Scanned;
        scanned || matches!(self.class, Class::Text { .. } | Class::Url { .. })
    }
}

/// Places of a field's columns among the stored ones.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Targets {
    pub(crate) value: usize,
    pub(crate) local: Option<usize>,
    pub(crate) domain: Option<usize>,
    pub(crate) net: Option<usize>,
    pub(crate) rid: Option<usize>,
    pub(crate) known: Option<usize>,
    pub(crate) tokens: Option<usize>,
}

/// The stored columns of a schema, in order, and the plan of each field.
pub(crate) struct Plan {
    pub(crate) types: Vec<ColumnType>,
    pub(crate) fields: Vec<FieldPlan>,
    pub(crate) unknown: Option<usize>,
    pub(crate) time: Option<usize>,
    pub(crate) source_id: Option<usize>,
    pub(crate) ordinal: Option<usize>,
    pub(crate) ingested_at: Option<usize>,
}

impl Plan {
    pub(crate) fn new(schema: &DatasetSchema) -> Self {
        let stored = || schema.columns().iter().filter(|c| c.column_type != ColumnType::Date);
        let place = |name: &str| stored().position(|c| c.name == name);
        let field = |field: &scopelog_catalog::Field| {
            let beside = |suffix: &str| place(&format!("{}{suffix}", field.name));
            let token = matches!(field.class, Class::Token { .. });
            let text = matches!(field.class, Class::Text { .. } | Class::Url { .. });
            // A companion column belongs to the field only where its class makes one: names alone could be another field's.
            let to = Targets {
                value: place(&field.name).unwrap_or(usize::MAX),
                local: beside("_local").filter(|_| token),
                domain: beside("_domain").filter(|_| token),
                net: beside("_net").filter(|_| token),
                rid: beside("_rid").filter(|_| token),
                known: beside("_known").filter(|_| token),
                tokens: beside("_tokens").filter(|_| text),
            };
            let features = field.features.iter().filter_map(|f| Some((*f, beside(suffix(*f))?))).collect();
            FieldPlan {
                name: field.name.clone(),
                class: field.class,
                field_type: field.field_type,
                to,
                features,
                is_query: field.name.ends_with("query"),
                is_verb: field.name == "cs_method",
            }
        };
        Self {
            types: stored().map(|c| c.column_type).collect(),
            fields: schema.fields().iter().map(field).collect(),
            unknown: place("unknown_fields"),
            time: place("time"),
            source_id: place("source_id"),
            ordinal: place("ordinal"),
            ingested_at: place("ingested_at"),
        }
    }
}

fn suffix(feature: Feature) -> &'static str {
    match feature {
        Feature::IsMachineAccount => "_is_machine",
        Feature::Extension => "_extension",
        Feature::PathClass => "_path_class",
        Feature::IpClass => "_ip_class",
        Feature::Length => "_length",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scopelog_catalog::DatasetName;

    #[test]
    fn every_stored_column_has_one_writer() {
        for name in DatasetSchema::builtin_names() {
            let schema = DatasetSchema::builtin(&DatasetName::new(name).unwrap()).unwrap();
            let plan = Plan::new(&schema);
            let mut writers = vec![0; plan.types.len()];
            for field in plan.fields.iter().filter(|f| f.class != Class::Drop) {
                let to = field.to;
                let beside = [to.local, to.domain, to.net, to.rid, to.known, to.tokens].into_iter().flatten();
                for place in beside.chain([to.value]).chain(field.features.iter().map(|(_, place)| *place)) {
                    writers[place] += 1;
                }
            }
            for place in [plan.unknown, plan.time, plan.source_id, plan.ordinal, plan.ingested_at].into_iter().flatten()
            {
                writers[place] += 1;
            }
            assert!(writers.iter().all(|n| *n == 1), "{name}: {writers:?}");
        }
    }
}
