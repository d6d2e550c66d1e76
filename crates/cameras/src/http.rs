//! MJPEG over HTTP: phones, ESP32-CAM, IP cameras.

mod body;
#[cfg(test)]
mod camera_tests;
mod connection;
mod parts;
mod pictures;
mod stream;

pub(crate) use parts::LARGEST as LARGEST_PICTURE;
pub(crate) use pictures::HttpPictures;
pub(crate) use stream::open;
