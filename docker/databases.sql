-- Run once, when the volume of the database is new: Tiebreak's store stands beside Label Studio's database.
CREATE DATABASE tiebreak;
