//! MJPEG over HTTP: phones, ESP32-CAM, IP cameras.

mod body;
#[cfg(test)]
mod camera_tests;
mod connection;
mod parts;
mod stream;

pub(crate) use stream::open;
