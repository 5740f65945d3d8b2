//! Character cards as files: JSON, or PNG with the card in its text chunks
//! (`chara` for version 2, `ccv3` for version 3, both as JSON in Base64).

use base64::prelude::{BASE64_STANDARD, Engine as _};
use cast::card::{Card, CardError, LONGEST, Version};
use png::{BitDepth, ColorType, Decoder, DecodingError, Encoder, EncodingError, Limits, Transformations};
use sha2::{Digest as _, Sha256};
use std::io::Cursor;

/// The largest file, in bytes.
pub const LARGEST: usize = 16 << 20;
/// The widest and highest picture, in pixels.
const WIDEST: u32 = 4_096;
/// What a decoder may hold, in bytes: the largest picture in full colour, and some.
const HELD: usize = 80 << 20;
/// The sides of a picture that we draw, in pixels, and of its fields.
const SIDE: u32 = 320;
const FIELDS: u32 = 5;
const CHUNKS: [(&str, Version); 2] = [("ccv3", Version::V3), ("chara", Version::V2)];
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Why a file holds no card.
#[derive(Debug, thiserror::Error)]
pub enum CardFileError {
    /// More bytes than a card's file may have.
    #[error("the file has {0} bytes, and {LARGEST} is the most")]
    TooLarge(usize),
    /// A picture of too many pixels.
    #[error("the picture has {0} × {1} pixels, and {WIDEST} × {WIDEST} is the most")]
    TooWide(u32, u32),
    /// No picture that can be read.
    #[error("the PNG can't be read: {0}")]
    Png(#[from] DecodingError),
    /// A picture without a card.
    #[error("the PNG holds no character card: it has no text chunk `chara` or `ccv3`")]
    NoChunk,
    /// A chunk that holds something else.
    #[error("the PNG's text chunk `{0}` is no Base64 of UTF-8")]
    Chunk(&'static str),
    /// Neither JSON nor a picture.
    #[error("the file is neither a PNG nor text")]
    Neither,
    /// The card itself.
    #[error(transparent)]
    Card(#[from] CardError),
    /// A picture that can't be made.
    #[error("the PNG can't be written: {0}")]
    Encode(#[from] EncodingError),
}

/// A card out of a file.
#[derive(Debug)]
pub struct Found {
    /// The card.
    pub card: Card,
    /// The picture around it, if there was one.
    pub picture: Option<Picture>,
}

/// A picture in eight bits for each colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    colours: ColorType,
    pixels: Vec<u8>,
}

/// Reads a card, whichever kind of file it is. Version 3 goes before version 2.
///
/// # Errors
/// [`CardFileError`].
pub fn read(bytes: &[u8]) -> Result<Found, CardFileError> {
    if bytes.len() > LARGEST {
        return Err(CardFileError::TooLarge(bytes.len()));
    }
    if !bytes.starts_with(SIGNATURE) {
        let text = std::str::from_utf8(bytes).map_err(|_| CardFileError::Neither)?;
        return Ok(Found { card: Card::parse(text.trim_start_matches('\u{feff}'))?, picture: None });
    }
    let (reader, picture) = decode(bytes)?;
    let texts = &reader.info().uncompressed_latin1_text;
    let chunk = CHUNKS.iter().find_map(|(name, _)| {
        texts.iter().find(|chunk| chunk.keyword.eq_ignore_ascii_case(name)).map(|chunk| (*name, &chunk.text))
    });
    let (name, text) = chunk.ok_or(CardFileError::NoChunk)?;
    // Base64 takes four letters for three bytes.
    if text.len() > LONGEST.div_ceil(3) * 4 {
        return Err(CardError::TooLong(text.len() / 4 * 3).into());
    }
    let decoded = BASE64_STANDARD.decode(text.trim()).ok();
    let json = decoded.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(CardFileError::Chunk(name))?;
    Ok(Found { card: Card::parse(&json)?, picture: Some(picture) })
}

/// A picture alone.
///
/// # Errors
/// [`CardFileError`].
pub fn picture(bytes: &[u8]) -> Result<Picture, CardFileError> {
    Ok(decode(bytes)?.1)
}

type PngReader<'a> = png::Reader<Cursor<&'a [u8]>>;

/// Reads a picture to its end, with all that stands around it.
fn decode(bytes: &[u8]) -> Result<(PngReader<'_>, Picture), CardFileError> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: HELD });
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info()?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width > WIDEST || height > WIDEST {
        return Err(CardFileError::TooWide(width, height));
    }
    // At most 64 MiB: four bytes for each pixel of the largest picture.
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let frame = reader.next_frame(&mut pixels)?;
    pixels.truncate(frame.buffer_size());
    // Also what stands behind the picture.
    reader.finish()?;
    Ok((reader, Picture { width, height, colours: frame.color_type, pixels }))
}

impl Picture {
    /// A picture for who has none: fields in two colours, by the name.
    pub fn of(name: &str) -> Self {
        let [red, green, blue, high, low, ..]: [u8; 32] = Sha256::digest(name).into();
        let dark = [0x1f, 0x24, 0x30];
        let light = [red, green, blue].map(|part| part / 2 + 96);
        let lit = u16::from_be_bytes([high, low]);
        let field = SIDE / FIELDS;
        let mut pixels = Vec::with_capacity((SIDE * SIDE * 3) as usize);
        for place in 0..SIDE * SIDE {
            let (column, row) = (place % SIDE / field, place / SIDE / field);
            // The right half mirrors the left.
            let bit = row * FIELDS.div_ceil(2) + column.min(FIELDS - 1 - column);
            pixels.extend(if (lit >> bit) & 1 == 1 { light } else { dark });
        }
        Self { width: SIDE, height: SIDE, colours: ColorType::Rgb, pixels }
    }

    /// The picture as a PNG, with the card in it if there is one: of the version
    /// that is asked for, or as other tools like it best, of both.
    ///
    /// # Errors
    /// [`CardFileError::Encode`].
    pub fn write(&self, card: Option<(&Card, Option<Version>)>) -> Result<Vec<u8>, CardFileError> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(self.colours);
        encoder.set_depth(BitDepth::Eight);
        if let Some((card, asked)) = card {
            for (name, version) in CHUNKS {
                if asked.is_none_or(|asked| asked == version) {
                    let json = card.to_json(Some(version)).to_string();
                    encoder.add_text_chunk(name.to_owned(), BASE64_STANDARD.encode(json))?;
                }
            }
        }
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    fn card() -> Card {
        let cast = cast::Cast::built_in().unwrap();
        Card::of(cast.get("malvo").unwrap(), cast::Cast::built_in_text("malvo").unwrap())
    }

    #[test]
    fn a_picture_carries_its_card() {
        let picture = Picture::of("malvo");
        let bytes = picture.write(Some((&card(), None))).unwrap();
        let found = read(&bytes).unwrap();
        assert_eq!(found.card.to_json(None), card().to_json(Some(Version::V3)), "version 3 goes first");
        assert_eq!(found.picture, Some(picture.clone()));
        let second = read(&picture.write(Some((&card(), Some(Version::V2)))).unwrap()).unwrap();
        assert_eq!(second.card.to_json(None), card().to_json(None));
        let json = card().to_json(None);
        assert_eq!(read(json.to_string().as_bytes()).unwrap().card.to_json(None), json);
    }

    #[test]
    fn what_is_no_card_is_refused() {
        let told = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        let plain = Picture::of("x").write(None).unwrap();
        assert!(told(&plain).contains("no text chunk"));
        let drawn = |width: u32, text: &str| {
            let mut bytes = Vec::new();
            let mut encoder = Encoder::new(&mut bytes, width, 1);
            encoder.add_text_chunk("chara".to_owned(), text.to_owned()).unwrap();
            let mut writer = encoder.write_header().unwrap();
            writer.write_image_data(&vec![0; width as usize]).unwrap();
            writer.finish().unwrap();
            bytes
        };
        let odd = |text: &str| drawn(1, text);
        assert!(told(&odd("???")).contains("no Base64"));
        assert!(told(&odd(&BASE64_STANDARD.encode([0xff, 0xfe]))).contains("no Base64 of UTF-8"));
        assert!(told(&odd(&BASE64_STANDARD.encode("{}"))).contains("no character card"));
        assert!(told(&odd(&"A".repeat(2 * LONGEST))).contains("1572864 bytes, and 1048576 is the most"));
        let book = serde_json::json!({
            "spec": "chara_card_v2", "data": {
                "name": "x", "character_book": { "entries": vec![0; cast::card::MOST_ENTRIES + 1] },
            },
        });
        let book = odd(&BASE64_STANDARD.encode(book.to_string()));
        assert!(told(&book).contains("501 entries, and 500 is the most"));
        assert!(told(&drawn(WIDEST + 1, "")).contains("4097 × 1 pixels"));
        assert!(told(&vec![b' '; LARGEST + 1]).contains("is the most"));
        assert!(told(&[0xff, 0xd8, 0xff]).contains("neither a PNG nor text"));
        let mut wide = plain.clone();
        // The width in the header, and its checksum is wrong as well.
        wide[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(read(&wide).is_err());
        for cut in [8, 20, 40, plain.len() / 2, plain.len() - 1] {
            assert!(read(&plain[..cut]).is_err(), "{cut}");
        }
    }

    static WHOLE: LazyLock<Vec<u8>> =
        LazyLock::new(|| Picture::of("x").write(Some((&card(), Some(Version::V2)))).unwrap());

    proptest! {
        /// Whatever bytes are handed in: an answer, and no panic.
        #[test]
        fn any_bytes_are_borne(at in 0..4_000_usize, bytes in prop::collection::vec(any::<u8>(), 0..32)) {
            let mut whole = WHOLE.clone();
            let at = at.min(whole.len());
            let end = (at + bytes.len()).min(whole.len());
            whole.splice(at..end, bytes);
            let _ = read(&whole);
        }
    }
}
