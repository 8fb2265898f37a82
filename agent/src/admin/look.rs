//! Pages that look at the mesh: services, exports, checks, explanations.

use super::pages::{JSON, Page, Pages, page, parameters, refused, unanswered};
use crate::control::Control;
use crate::mesh_page::{Looked, MeshPage};
use hyper::{Request, StatusCode};

impl Pages {
    /// The page of the mesh that a GET asks for; `None` if it is another page.
    pub(super) async fn look<B>(&self, request: &Request<B>) -> Option<Page> {
        let parameters = parameters(request);
        let value = |key: &str| parameters.value(key);
        let asked = match MeshPage::of_request(request.uri().path(), value)? {
            Ok(asked) => asked,
            Err(reason) => return Some(refused(&reason.to_string())),
        };
        if let Err(reason) = parameters.only(asked.parameters()) {
            return Some(refused(&reason));
        }
        let body = move |control: &mut Control| {
            let body = asked.body(&control.insight(), Looked::Process);
            body.map(|body| body.to_string())
        };
        Some(match self.questions().ask(body).await {
            Ok(Ok(body)) => page(StatusCode::OK, JSON, body + "\n"),
            Ok(Err(reason)) => refused(&reason.to_string()),
            Err(no_answer) => unanswered(no_answer),
        })
    }
}
