use super::*;

const fn us(us: u64) -> Duration {
    Duration::from_micros(us)
}

fn host_hears(wire: &mut Wire, now: Duration) -> Vec<u8> {
    let mut out = [0; 16];
    let count = wire.host_hears(now, &mut out);
    out[..count].to_vec()
}

#[test]
fn bytes_arrive_when_they_are_complete() {
    let mut wire = Wire::new(1_000_000, Adapter::DIRECT);
    wire.host_sends(us(5), Some(1));
    wire.host_sends(us(5), Some(2));
    assert_eq!(wire.servos_receive(us(14)), None);
    assert_eq!(
        wire.servos_receive(us(15)),
        Some(ReceivedByte {
            start: us(5),
            end: us(15),
            byte: 1
        })
    );
    assert_eq!(wire.host_silent(), Some(us(25)));
    assert_eq!(
        wire.servos_receive(us(99)),
        Some(ReceivedByte {
            start: us(15),
            end: us(25),
            byte: 2
        })
    );
    assert_eq!(wire.servos_receive(us(99)), None);
}

#[test]
fn a_lost_byte_takes_its_time() {
    let mut wire = Wire::new(1_000_000, Adapter::DIRECT);
    wire.host_sends(us(0), None);
    wire.host_sends(us(0), Some(2));
    assert_eq!(
        wire.servos_receive(us(99)),
        Some(ReceivedByte {
            start: us(10),
            end: us(20),
            byte: 2
        })
    );
}

#[test]
fn rates_set_the_pace() {
    assert_eq!(Wire::new(500_000, Adapter::DIRECT).byte_time(), us(20));
    assert_eq!(
        Wire::new(115_200, Adapter::DIRECT).byte_time(),
        Duration::from_nanos(86_805)
    );
    assert_eq!(Wire::new(0, Adapter::DIRECT).byte_time(), Duration::ZERO);
}

#[test]
fn two_servos_at_once_garble_each_other() {
    let mut wire = Wire::new(1_000_000, Adapter::DIRECT);
    for _ in 0..2 {
        let end = wire.servo_sends(us(0), Some(0xFF), Duration::ZERO);
        wire.servo_sends(end, Some(0x01), Duration::ZERO);
    }
    assert_eq!(host_hears(&mut wire, us(99)), [0x00, 0x00]);
}

#[test]
fn a_host_that_talks_over_an_answer_destroys_both() {
    let mut wire = Wire::new(1_000_000, Adapter::DIRECT);
    wire.servo_sends(us(10), Some(0b0110), Duration::ZERO);
    wire.host_sends(us(5), Some(0b0011));
    wire.host_sends(us(30), Some(0b1000));
    wire.servo_sends(us(39), Some(0b0110), Duration::ZERO);
    let arrived = host_hears(&mut wire, us(99));
    for at_host in arrived {
        let at_servos = wire.servos_receive(us(99)).map(|received| received.byte);
        assert_eq!(at_servos, Some(at_host));
        assert!(![0b0110, 0b0011, 0b1000].contains(&at_host));
    }
}

#[test]
fn no_byte_survives_another_one() {
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            let arrived = garbled(first, second);
            assert!(arrived != first && arrived != second, "{first} {second}");
        }
    }
}

#[test]
fn late_bytes_stay_in_order() {
    let mut wire = Wire::new(1_000_000, Adapter::DIRECT);
    wire.servo_sends(us(0), Some(1), us(500));
    wire.servo_sends(us(20), Some(2), Duration::ZERO);
    assert_eq!(wire.deliveries(), Some(Deliveries::at(us(510))));
    assert_eq!(host_hears(&mut wire, us(509)), [0u8; 0]);
    assert_eq!(host_hears(&mut wire, us(510)), [1, 2]);
}

#[test]
fn nothing_grows_without_bound() {
    let mut wire = Wire::new(0, Adapter::DIRECT);
    for _ in 0..CAPACITY + 3 {
        wire.servo_sends(us(0), Some(1), Duration::ZERO);
    }
    assert_eq!(wire.lost(), 3);
}
