//! [`Family`]: one metric with all its series.

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::borrow::Cow;
use std::fmt;

/// Labels of a series: fixed text, ids of clusters that the operator names folders by, or the id
/// of a generation; never what a client sends.
pub(super) type Labels = Vec<(&'static str, Cow<'static, str>)>;

/// A metric with all its series.
#[derive(Debug)]
pub(super) struct Family {
    /// Without the suffix `_total`, which the encoder gives to counters.
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) series: Series,
}

/// The series of a metric. One alone may have no labels.
#[derive(Debug)]
pub(super) enum Series {
    Counter(Vec<(Labels, u64)>),
    Gauge(Vec<(Labels, f64)>),
}

impl Family {
    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = match &self.series {
            Series::Counter(_) => MetricType::Counter,
            Series::Gauge(_) => MetricType::Gauge,
        };
        let encoder = encoder.encode_descriptor(self.name, self.help, None, kind)?;
        match &self.series {
            Series::Counter(series) => encode(series, |value| ConstCounter::new(*value), encoder),
            Series::Gauge(series) => encode(series, |value| ConstGauge::new(*value), encoder),
        }
    }
}

fn encode<V, M: EncodeMetric>(
    series: &[(Labels, V)],
    metric: impl Fn(&V) -> M,
    mut encoder: MetricEncoder<'_>,
) -> fmt::Result {
    if let [(labels, value)] = series
        && labels.is_empty()
    {
        return metric(value).encode(encoder);
    }
    series
        .iter()
        .try_for_each(|(labels, value)| metric(value).encode(encoder.encode_family(labels)?))
}
