//! The two functions of libm that are called, by FTS5 and where secrets and results are weighed. With them here that library
//! is not loaded: 13 KB less in each process of a session.

#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
extern "C" fn log(x: f64) -> f64 {
    libm::log(x)
}

#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
extern "C" fn log2f(x: f32) -> f32 {
    libm::log2f(x)
}
