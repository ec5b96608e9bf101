//! Places on the earth.

use super::Family;

#[rustfmt::skip] // Rows of similar values.
pub const GEO: Family = Family {
    forms: &[
        "EVAL fill 1 key",
        "GEOADD key [ NX | XX ] [ CH ] < lon lat member >",
        "GEOADD key < lon lat member >",
        "GEOADD key < lon lat member >",
        "GEODIST key member member [ unit ]",
        "GEOHASH key < member >",
        "GEOPOS key < member >",
        "GEORADIUS key lon lat radius unit [ WITHDIST ] [ WITHHASH ] [ WITHCOORD ] [ COUNT many | COUNT many ANY ] [ ASC | DESC ] [ STORE key | STOREDIST key ]",
        "GEORADIUS_RO key lon lat radius unit [ WITHDIST ] [ WITHHASH ] [ WITHCOORD ] [ COUNT many | COUNT many ANY ] [ ASC | DESC ] [ STORE key ]",
        "GEORADIUSBYMEMBER key member radius unit [ WITHDIST ] [ WITHCOORD ] [ COUNT many | COUNT many ANY ] [ ASC | DESC ] [ STORE key | STOREDIST key ]",
        "GEORADIUSBYMEMBER_RO key member radius unit [ WITHDIST ] [ WITHHASH ] [ COUNT many | ANY ] [ ASC | DESC ]",
        "GEOSEARCH key { FROMMEMBER member | FROMLONLAT lon lat } { BYRADIUS radius unit | BYBOX radius radius unit } [ WITHDIST ] [ WITHHASH ] [ WITHCOORD ] [ COUNT many | COUNT many ANY ] [ ASC | DESC ]",
        "GEOSEARCH key { FROMMEMBER member | FROMLONLAT lon lat } { BYRADIUS radius unit | BYBOX radius radius unit } [ WITHDIST ] [ COUNT many | COUNT many ANY ] [ ASC | DESC ]",
        "GEOSEARCH key [ FROMMEMBER member ] [ FROMLONLAT lon lat ] [ BYRADIUS radius unit ] [ BYBOX radius radius unit ] [ ANY ] [ ASC | x ]",
        "GEOSEARCHSTORE key key { FROMMEMBER member | FROMLONLAT lon lat } { BYRADIUS radius unit | BYBOX radius radius unit } [ COUNT many | COUNT many ANY ] [ ASC | DESC ] [ STOREDIST ]",
        "GEOSEARCHSTORE key key [ FROMMEMBER member ] [ BYRADIUS radius unit ] [ BYBOX radius radius unit ] [ STOREDIST ] [ WITHDIST ]",
        "ZADD key score member",
        "ZRANGE key 0 -1 WITHSCORES",
        "ZREM key < member >",
        "SADD key member",
        "DEL key",
    ],
    kinds: &[
        ("member", &[b"a", b"b", b"c", b"d", b"e", b"1", b"2", b"7", b"50", b"", &[b'm'; 65]]),
        ("lon", &[
            b"0", b"0.001", b"-0.001", b"1", b"15", b"13.361389", b"90", b"-90", b"179.9999", b"-179.9999",
            b"180", b"-180", b"180.0000001", b"inf", b"nan", b"x", b"-0",
        ]),
        ("lat", &[
            b"0", b"0.001", b"-0.001", b"1", b"37", b"38.115556", b"66.5", b"-67", b"80.5", b"-81", b"85",
            b"85.05112878", b"-85.05112878", b"85.05112879", b"90", b"x",
        ]),
        ("radius", &[
            b"0", b"1", b"100", b"157", b"200", b"1000", b"5009.4", b"12000", b"20038", b"1e6", b"1e8",
            b"0.001", b"inf", b"-1", b"nan", b"x",
        ]),
        ("unit", &[b"m", b"km", b"km", b"km", b"ft", b"mi", b"KM", b"x", b""]),
        ("many", &[b"1", b"2", b"3", b"6", b"7", b"20", b"41", b"1000", b"0", b"-1", b"x"]),
        // Also scores that are no places.
        ("score", &[
            b"0", b"3479099956230698", b"4503599627370495", b"4503599627370496", b"13510798882111488",
            b"-5", b"0.5", b"1e300", b"-1e300", b"inf", b"-inf", b"9223372036854775808", b"18446744073709551616",
        ]),
        ("fill", &[
            b"for i = 1, 100 do redis.call('GEOADD', KEYS[1], i % 10 / 1000, i % 3 / 1000, i) end",
            b"for i = 1, 100 do redis.call('GEOADD', KEYS[1], i * 3.6 - 180, i * 1.7 - 85, i) end",
            b"for i = 1, 130 do redis.call('GEOADD', KEYS[1], 179.9 - i % 2 * 359.8, i / 10, i) end",
            b"for i = 1, 40 do redis.call('GEOADD', KEYS[1], 15, 37, i) end",
        ]),
    ],
};
